//! Describes a call by its list of participants.

use std::collections::BTreeSet;

use super::markup::{self, Element, Elements};

/// For instance `Call ended, 2 participants, 63 s`.
pub(crate) fn describe(content: &str) -> String {
    let elements = Elements::read(content);
    let Some(list) = elements.first("partlist") else {
        return without_list(content);
    };
    let state = match list.attribute("type").filter(|state| !state.is_empty()).or_else(|| state_beside(&elements)) {
        None => "Call".to_owned(),
        Some(state) => format!("Call {state}"),
    };
    [Some(state), participants(&elements), length(&elements)].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Some exports say it in an element of its own.
fn state_beside(elements: &Elements) -> Option<&'static str> {
    ["started", "ended", "missed"].into_iter().find(|state| elements.first(state).is_some())
}

/// Whoever left and came back is one participant.
fn participants(elements: &Elements) -> Option<String> {
    let named = |part: &Element| part.attribute("identity").map(str::to_owned);
    let parts: Vec<_> = elements.all("part").map(named).collect();
    let known: BTreeSet<_> = parts.iter().flatten().collect();
    match known.len() + parts.iter().filter(|part| part.is_none()).count() {
        0 => None,
        1 => Some("1 participant".to_owned()),
        participants => Some(format!("{participants} participants")),
    }
}

/// The call lasted as long as its most patient participant stayed.
fn length(elements: &Elements) -> Option<String> {
    elements
        .texts("duration")
        .filter_map(|duration| duration.parse::<f64>().ok())
        .filter(|seconds| *seconds > 0.0 && seconds.is_finite())
        .max_by(f64::total_cmp)
        .map(|seconds| format!("{seconds:.0} s"))
}

fn without_list(content: &str) -> String {
    match markup::text(content).trim() {
        "" => "Call".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_call_tells_its_length() {
        let ended = r#"<partlist type="ended" alt="" callId="c-1">
            <part identity="8:live:ada"><name>Ada</name><duration>63</duration></part>
            <part identity="8:live:bo"><name>Bo</name><duration>61.4</duration></part></partlist>"#;
        assert_eq!(describe(ended), "Call ended, 2 participants, 63 s");
    }

    #[test]
    fn started_and_missed_calls_have_no_length() {
        let started = r#"<partlist type="started"><part identity="8:a"><name>A</name></part></partlist>"#;
        assert_eq!(describe(started), "Call started, 1 participant");
        assert_eq!(describe(r#"<partlist type="missed"/>"#), "Call missed");
    }

    #[test]
    fn whoever_comes_back_is_one_participant() {
        let call = "<partlist type='ended'><part identity='8:a'/><part identity='8:b'/><part identity='8:a'/><part/></partlist>";
        assert_eq!(describe(call), "Call ended, 3 participants");
    }

    #[test]
    fn the_state_may_stand_beside_the_list() {
        assert_eq!(describe("<ended/><partlist alt=''><part identity='8:a'/></partlist>"), "Call ended, 1 participant");
    }

    #[test]
    fn odd_durations_are_passed_over() {
        for duration in ["", "soon", "-5", "NaN", "0"] {
            let call = format!("<partlist type='ended'><duration>{duration}</duration>");
            assert_eq!(describe(&call), "Call ended", "{duration}");
        }
    }

    #[test]
    fn broken_calls_are_still_told() {
        assert_eq!(describe(""), "Call");
        assert_eq!(describe("<partlist"), "Call");
        assert_eq!(describe("<partlist>"), "Call");
        assert_eq!(describe("Ada called"), "Ada called");
    }
}
