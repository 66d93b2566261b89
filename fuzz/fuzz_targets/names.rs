//! A phase name is a lower-case letter and then up to 63 of `a-z`, `0-9`, `_` and `-`; a status is one of four words. Everything
//! else is refused, by a message that shows nothing invisible.

#![no_main]

use etl_context::{EtlContext, PhaseName, PhaseStatus};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    check_name(text);
    check_status(text);
});

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || other == '_' || other == '-')
        && text.chars().count() <= 64
}

fn check_name(text: &str) {
    let json = serde_json::to_string(text).expect("a text can be serialised");
    let parsed = text.parse::<PhaseName>();
    assert_eq!(parsed.is_ok(), is_name(text), "{text:?}");
    assert_eq!(serde_json::from_str::<PhaseName>(&json).ok(), parsed.as_ref().ok().cloned());
    let mut run = EtlContext::new("names");
    assert_eq!(run.start_phase(text, None).is_ok(), parsed.is_ok());
    match parsed {
        Ok(name) => {
            assert_eq!(name.to_string(), text);
            assert_eq!(serde_json::to_string(&name).expect("a name can be serialised"), json);
            assert_eq!(run.get_phase_status(text), PhaseStatus::Running);
            assert_eq!(run.current_phase(), Some(text));
        }
        Err(error) => {
            check_message(&error.to_string(), "Phase name is invalid");
            assert_eq!(run.record().phases().count(), 0);
        }
    }
}

fn check_status(text: &str) {
    let parsed = text.parse::<PhaseStatus>();
    let known = PhaseStatus::ALL.into_iter().find(|status| status.to_string() == text);
    assert_eq!(parsed.as_ref().ok().copied(), known);
    let mut run = EtlContext::new("statuses");
    assert_eq!(run.set_phase_status("extract", text).is_ok(), known.is_some());
    assert_eq!(run.get_phase_status("extract"), known.unwrap_or_default());
    if let Err(error) = parsed {
        check_message(&error.to_string(), "Status is invalid");
    }
}

fn check_message(message: &str, sentence: &str) {
    assert!(message.starts_with(sentence), "{message}");
    assert!(!message.contains(char::is_control), "{message:?}");
    assert!(!message.contains(['\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}']), "{message:?}");
}
