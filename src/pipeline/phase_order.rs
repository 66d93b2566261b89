//! Which order of phases was read while the program runs? Lines in the words of `pipeline!`, held to the same rules.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};

use crate::pipeline::Edge;
use crate::pipeline::check::MOST_PHASES;
use crate::pipeline::mermaid::flowchart;
use crate::pipeline::order::{Order, Relation};
use crate::pipeline::phase::{InvalidName, PhaseName};
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;

/// An order of phases that is only known at run time, as from a configuration file: what [`pipeline!`](crate::pipeline) is for
/// programs that know their phases.
///
/// It is a list of lines in the words of `pipeline!`, with the names under which phases are recorded:
///
/// | line | the phase may start |
/// |---|---|
/// | `import` | after the phase of the line before; the first one at the start of the run |
/// | `import after fetch` | after `fetch` has completed |
/// | `import after Idle` | at the start of the run |
/// | `import after check \| fetch` | after either |
/// | `merge after (users, orders)` | after all of them, which may run side by side |
/// | `clean-up after import \| Failed<import>` | after it completed, and after it failed |
/// | `finally notify` | wherever the run stands at rest |
///
/// ```
/// use etl_context::{EtlContext, PhaseOrder, PhaseStatus};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let file = r#"["fetch", "check", "import after check | fetch", "finally notify"]"#;
/// let order: PhaseOrder = serde_json::from_str(file)?;
/// let mut context = EtlContext::with_order("nightly", order);
///
/// context.run_phase("fetch", |_fetch| Ok::<_, String>(()))?;
/// context.run_phase("import", |_import| Ok::<_, String>(()))?; // `check` may be left out
/// assert!(context.start_phase("check", None).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseOrder {
    edges: Vec<Edge>,
}

/// Why a list of lines is no [`PhaseOrder`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidOrder(String);

impl PhaseOrder {
    /// The order in these lines.
    ///
    /// ```
    /// use etl_context::PhaseOrder;
    ///
    /// let error = PhaseOrder::new(["fetch", "import after fetsh"]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "phase `import` cannot start after `fetsh`, which is no phase of the order; list it there, or leave it out"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidOrder`] if there is no line or more than 128, if a line is written wrongly, if a name is no phase name, is there twice, or
    /// is named only behind `after`, if a phase can never start, and if one joins phases of which one leads to the other.
    pub fn new(lines: impl IntoIterator<Item: AsRef<str>>) -> Result<Self, InvalidOrder> {
        let mut lines_read = Vec::new();
        for line in lines {
            let before = lines_read.iter().rev().find(|line: &&Line| !line.is_finally());
            lines_read.push(Line::parse(line.as_ref().trim(), before.map(|line| &line.phase))?);
        }
        check(&lines_read)?;
        let edges = lines_read.into_iter().flat_map(Line::into_edges).collect();
        let order = PhaseOrder { edges };
        order.check_joins()?;
        Ok(order)
    }

    /// The phases, in the order of their lines.
    pub fn phases(&self) -> impl Iterator<Item = &PhaseName> {
        self.edges.chunk_by(|edge, next| edge.phase == next.phase).filter_map(|edges| Some(&edges.first()?.phase))
    }

    /// After what each phase may start.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The order as a flowchart for Markdown viewers that know Mermaid. Edges out of a failure are dotted.
    #[must_use]
    pub fn mermaid(&self) -> String {
        flowchart(&self.phases().collect::<Vec<_>>(), &self.edges)
    }

    pub(crate) fn into_edges(self) -> Vec<Edge> {
        self.edges
    }

    /// Branches that come together are apart before.
    fn check_joins(&self) -> Result<(), InvalidOrder> {
        let Some(order) = Order::of(&PipelineShape::given("", self.edges.clone())) else { return Ok(()) };
        for edge in &self.edges {
            let joined = edge.after.phases();
            for (place, one) in joined.iter().enumerate() {
                let stands = order.around(one);
                if let Some(other) = joined[place + 1..].iter().find(|other| stands(other) != Relation::Apart) {
                    return Err(InvalidOrder(format!(
                        "phase `{}` of the order cannot join `{one}` and `{other}`, of which one leads to the other, or both are one; \
                         name the last phase of each branch",
                        edge.phase
                    )));
                }
            }
        }
        Ok(())
    }
}

/// A list of lines, as in a configuration file.
impl<'de> Deserialize<'de> for PhaseOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PhaseOrder::new(Vec::<String>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl From<InvalidName> for InvalidOrder {
    fn from(error: InvalidName) -> Self {
        InvalidOrder(error.to_string())
    }
}

/// A phase and after what it may start.
struct Line {
    phase: PhaseName,
    after: Vec<Position>,
}

impl Line {
    fn parse(line: &str, before: Option<&PhaseName>) -> Result<Self, InvalidOrder> {
        let (name, after) = match line.split_once(" after ") {
            Some((name, after)) => (name.trim(), Some(after)),
            None => line.strip_suffix(" after").map_or((line, None), |name| (name.trim(), Some(""))),
        };
        match (name.strip_prefix("finally "), after) {
            (Some(name), None) => Ok(Line { phase: PhaseName::parse(name.trim())?, after: vec![Position::Any] }),
            (Some(name), Some(_)) => Err(InvalidOrder(format!(
                "phase `{}` is one that runs finally, wherever the run stands; leave out `finally`, or what stands behind `after`",
                PhaseName::parse(name.trim())?
            ))),
            (None, None) => {
                let position = before.map_or(Position::Idle, |before| Position::Completed(before.clone()));
                Ok(Line { phase: PhaseName::parse(name)?, after: vec![position] })
            }
            (None, Some(after)) => {
                let phase = PhaseName::parse(name)?;
                let after = alternatives(&phase, after)?;
                Ok(Line { phase, after })
            }
        }
    }

    fn is_finally(&self) -> bool {
        self.after.contains(&Position::Any)
    }

    fn into_edges(self) -> impl Iterator<Item = Edge> {
        let Line { phase, after } = self;
        after.into_iter().map(move |after| Edge { phase: phase.clone(), after })
    }
}

/// What stands behind `after`.
fn alternatives(phase: &PhaseName, after: &str) -> Result<Vec<Position>, InvalidOrder> {
    let mut positions = Vec::new();
    for text in after.split('|').map(str::trim) {
        if text.is_empty() {
            return Err(InvalidOrder(format!("nothing stands behind `after` of phase `{phase}`; write `Idle`, or a phase")));
        }
        let position = position(text)?;
        if !positions.contains(&position) {
            positions.push(position);
        }
    }
    Ok(positions)
}

fn position(text: &str) -> Result<Position, InvalidName> {
    let between = |start, end| text.strip_prefix(start).and_then(|rest: &str| rest.strip_suffix(end));
    if text == "Idle" {
        return Ok(Position::Idle);
    }
    if let Some(failed) = between("Failed<", ">") {
        return PhaseName::parse(failed.trim()).map(Position::Failed);
    }
    let Some(joined) = between("(", ")") else { return PhaseName::parse(text).map(Position::Completed) };
    let joined = joined.split(',').map(|name| PhaseName::parse(name.trim())).collect::<Result<Vec<_>, _>>()?;
    match &joined[..] {
        [one] => Ok(Position::Completed(one.clone())),
        _ => Ok(Position::Joined(joined.into())),
    }
}

/// The rules to which `pipeline!` holds what it declares.
fn check(lines: &[Line]) -> Result<(), InvalidOrder> {
    if lines.is_empty() {
        return Err(InvalidOrder("an order of phases needs a phase".to_owned()));
    }
    if lines.len() > MOST_PHASES {
        return Err(InvalidOrder(format!("a pipeline can have at most {MOST_PHASES} phases")));
    }
    let mut phases = BTreeSet::new();
    if let Some(Line { phase, .. }) = lines.iter().find(|line| !phases.insert(&line.phase)) {
        let reason = "names two phases of the order; give each a name of its own".to_owned();
        return Err(InvalidName { name: phase.to_string(), reason }.into());
    }
    check_predecessors(lines)?;
    check_reachable(lines)
}

fn check_predecessors(lines: &[Line]) -> Result<(), InvalidOrder> {
    for Line { phase, after } in lines {
        for before in after.iter().flat_map(Position::phases) {
            let is_wrong = match lines.iter().find(|line| line.phase == *before) {
                None => "is no phase of the order; list it there, or leave it out",
                Some(line) if line.is_finally() => "runs finally, and nothing follows it; name another phase, or leave it out",
                Some(_) => continue,
            };
            return Err(InvalidOrder(format!("phase `{phase}` cannot start after `{before}`, which {is_wrong}")));
        }
    }
    Ok(())
}

/// Follows the lines from `Idle` until a round reaches nothing new.
fn check_reachable(lines: &[Line]) -> Result<(), InvalidOrder> {
    let mut reached = BTreeSet::new();
    let mut before = None;
    while before != Some(reached.len()) {
        before = Some(reached.len());
        for Line { phase, after } in lines {
            if after.iter().any(|position| position.phases().iter().all(|phase| reached.contains(phase))) {
                reached.insert(phase);
            }
        }
    }
    match lines.iter().find(|line| !reached.contains(&line.phase)) {
        Some(Line { phase, .. }) => Err(InvalidOrder(format!(
            "phase `{phase}` can never start in the order: no way leads to it from `Idle`; let it start after a phase that can"
        ))),
        None => Ok(()),
    }
}
