//! A subscriber that keeps what it sees.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// A span or an event: what it is called, where it belongs, and what it says.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// As in `INFO etl_run:etl_phase phase started`.
    pub(super) text: String,
    pub(super) target: String,
    pub(super) fields: BTreeMap<&'static str, String>,
    /// Of an event, the innermost span that it is in, as it was then.
    pub(super) span: Option<Box<Line>>,
    id: Option<Id>,
}

#[derive(Clone, Default)]
pub(super) struct Seen {
    spans: Arc<Mutex<Vec<Line>>>,
    events: Arc<Mutex<Vec<Line>>>,
}

impl Seen {
    /// Sees what the work traces on this thread.
    pub(super) fn during<R>(&self, work: impl FnOnce() -> R) -> R {
        tracing::subscriber::with_default(Registry::default().with(self.clone()), work)
    }

    pub(super) fn spans(&self) -> Vec<Line> {
        self.spans.lock().unwrap().clone()
    }

    pub(super) fn events(&self) -> Vec<Line> {
        self.events.lock().unwrap().clone()
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.events().into_iter().map(|event| event.text).collect()
    }

    fn span(&self, id: &Id) -> (MutexGuard<'_, Vec<Line>>, usize) {
        let spans = self.spans.lock().unwrap();
        let index = spans.iter().rposition(|span| span.id.as_ref() == Some(id)).unwrap();
        (spans, index)
    }
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

fn line(metadata: &Metadata<'_>, within: &[&str], name: &str) -> Line {
    let text = format!("{} {} {name}", metadata.level(), within.join(":")).replace("  ", " ");
    Line { text, target: metadata.target().to_owned(), ..Line::default() }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let scope = context.span_scope(id).unwrap().from_root();
        let within: Vec<_> = scope.map(|span| span.name()).filter(|name| *name != attributes.metadata().name()).collect();
        let mut span = line(attributes.metadata(), &within, attributes.metadata().name());
        attributes.record(&mut Fields(&mut span.fields));
        self.spans.lock().unwrap().push(Line { id: Some(id.clone()), ..span });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let (mut spans, index) = self.span(id);
        values.record(&mut Fields(&mut spans[index].fields));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let message = fields.remove("message").unwrap();
        let within: Vec<_> =
            context.event_scope(event).map(|scope| scope.from_root().map(|span| span.name()).collect()).unwrap_or_default();
        let line = line(event.metadata(), &within, &message);
        let span = context.event_span(event).map(|span| {
            let (spans, index) = self.span(&span.id());
            Box::new(spans[index].clone())
        });
        self.events.lock().unwrap().push(Line { fields, span, ..line });
    }
}
