//! Errors as nobody should raise them: kept or cut with a word, never a panic.

use std::error::Error as StdError;
use std::fmt;

use etl_context::{Context, EtlContext, Extract, dict};

/// One link of a chain as long as one likes.
#[derive(Debug)]
struct Link(usize, Option<Box<Link>>);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {}", self.0)
    }
}

impl StdError for Link {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.1.as_deref().map(|link| link as _)
    }
}

/// Link 1, in front of as many others.
fn chain(sources: usize) -> Link {
    let last = Link(sources + 1, None);
    (1..=sources).rev().fold(last, |behind, number| Link(number, Some(Box::new(behind))))
}

/// An error that is its own source.
#[derive(Debug)]
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("round and round")
    }
}

impl StdError for Endless {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self)
    }
}

fn sources_kept_of(error: &dyn StdError) -> Vec<String> {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    context.fail_phase(error).unwrap();
    context.get_summary().to_string();
    context.errors()[0].sources().map(str::to_owned).collect()
}

#[test]
fn a_chain_of_100_sources_is_kept_whole() {
    let kept = sources_kept_of(&chain(100));
    assert_eq!((kept.len(), kept[99].as_str()), (100, "link 101"));
}

#[test]
fn a_chain_of_1_000_sources_is_cut_with_a_word() {
    let kept = sources_kept_of(&chain(1_000));
    assert_eq!((kept.len(), kept[99].as_str()), (101, "link 101"));
    assert!(kept[100].contains("the chain of sources goes on"), "{}", kept[100]);
}

#[test]
fn a_chain_without_an_end_is_cut_with_a_word() {
    let kept = sources_kept_of(&Endless);
    assert_eq!(kept.len(), 101);
    assert!(kept[100].contains("the chain of sources goes on"), "{}", kept[100]);
}

#[test]
fn the_typed_face_and_the_scope_cut_it_too() {
    let failed = Context::new("import").start(Extract).unwrap().fail(&Endless).unwrap();
    assert_eq!(failed.record().errors()[0].sources().count(), 101);
    let failure = Context::new("import").phase(Extract).run(|_| -> Result<(), Endless> { Err(Endless) }).unwrap_err();
    let error = etl_context::Error::from(failure);
    let behind = std::iter::successors(error.source(), |&error| error.source()).count();
    assert_eq!(behind, 101);
}

#[test]
fn a_message_of_10_mb_is_kept_whole_and_printed_short() {
    let mut context = EtlContext::new("import");
    let message = "long ".repeat(2_000_000);
    context.record_error("extract", &std::io::Error::other(message.clone())).unwrap();
    assert_eq!(context.errors()[0].message(), message);
    assert!(context.errors()[0].to_string().len() < 2_000);
    assert!(context.get_summary().to_string().lines().all(|line| line.chars().count() <= 100));
    assert_eq!(serde_json::to_value(context.get_summary()).unwrap()["errors"][0]["message"], message);
}

#[test]
fn a_message_with_control_characters_is_printed_escaped() {
    let mut context = EtlContext::new("import");
    let message = "line 1\nline 2\r\u{1b}[31mred\u{7}\u{85}";
    context.record_error("extract", &std::io::Error::other(message)).unwrap();
    assert_eq!(context.errors()[0].message(), message);
    for printed in [context.errors()[0].to_string(), context.get_summary().to_string()] {
        assert!(!printed.chars().any(|character| character.is_control() && character != '\n'), "{printed:?}");
        assert!(printed.contains("line 1\\nline 2"), "{printed}");
    }
}

#[test]
fn an_empty_message_is_a_message() {
    let failed = Context::new("import").start(Extract).unwrap().fail("").unwrap();
    assert_eq!(failed.record().errors()[0].message(), "");
    drop(failed.retry().unwrap().complete(dict! { "note": "" }).unwrap());
}

#[test]
fn many_errors_are_all_counted_and_the_first_thousand_kept() {
    let mut context = EtlContext::new("import");
    for number in 0..10_000 {
        context.record_error("extract", &Link(number, None)).unwrap();
    }
    let summary = context.get_summary();
    assert_eq!(serde_json::to_value(&summary).unwrap()["error_count"], 10_000);
    assert_eq!(summary.errors().len(), 1_000);
    assert_eq!(summary.errors()[999].message(), "link 999");
    assert!(summary.to_string().lines().count() < 30);
}
