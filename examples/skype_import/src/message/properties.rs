//! What has become of a message since it was sent?

use super::{Moment, milliseconds};
use crate::json;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Properties {
    pub(crate) edited_at: Option<Moment>,
    pub(crate) deleted_at: Option<Moment>,
}

impl Properties {
    /// Most messages have none, and what is no object tells nothing.
    pub(crate) fn read(written: &[u8]) -> Self {
        let mut properties = Properties::default();
        let _ = json::members(written, |key, value| match key {
            br#""edittime""# => properties.edited_at = moment(value),
            br#""deletetime""# => properties.deleted_at = moment(value),
            _ => {}
        });
        properties
    }
}

fn moment(value: &[u8]) -> Option<Moment> {
    Moment::at(milliseconds(&json::text(value)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_texts_or_numbers() {
        let read = Properties::read(br#"{"urlpreviews": "[]", "edittime": "1614834400000", "deletetime": 1614834500000}"#);
        assert_eq!(read.edited_at.unwrap().text(), "2021-03-04T05:06:40.000Z");
        assert_eq!(read.deleted_at.unwrap().text(), "2021-03-04T05:08:20.000Z");
    }

    #[test]
    fn what_is_odd_tells_nothing() {
        for written in ["", "null", "[]", "{}", r#"{"edittime": "soon", "deletetime": ""}"#, r#"{"edittime": null, 3}"#] {
            assert_eq!(Properties::read(written.as_bytes()), Properties::default(), "{written}");
        }
    }
}
