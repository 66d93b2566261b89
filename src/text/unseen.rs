//! Which characters cannot be seen, so that a text which has them could pass for another one?

/// Control characters, marks that turn the direction of what follows, fillers, tags, and other characters without a width that no
/// writing system joins with. Zero-width joiners and variation selectors stay as they are: many scripts, and pictures made of
/// several, need them.
pub(crate) fn is_unseen(character: char) -> bool {
    character.is_control() || turns_direction(character) || has_no_width(character) || stands_for_nothing(character)
}

fn turns_direction(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn has_no_width(character: char) -> bool {
    let never_a_character = u32::from(character) & 0xfffe == 0xfffe;
    let invisible = matches!(
        character,
        '\u{ad}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
    );
    never_a_character || invisible || matches!(character, '\u{fff9}'..='\u{fffb}')
}

/// Fillers for letters that are not there, tags and marks that only programs read, and what Unicode keeps free for more of them.
fn stands_for_nothing(character: char) -> bool {
    let filler = matches!(character, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{17b4}' | '\u{17b5}' | '\u{34f}');
    let format = matches!(character, '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}');
    let tag = matches!(character, '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}');
    filler || format || tag || matches!(character, '\u{fff0}'..='\u{fff8}')
}

#[cfg(test)]
mod tests {
    use super::is_unseen;

    #[test]
    fn what_hides_or_turns_text_is_unseen() {
        for character in "\0\n\u{7f}\u{85}\u{200b}\u{202e}\u{2066}\u{2028}\u{feff}\u{ffff}".chars() {
            assert!(is_unseen(character), "{character:?}");
        }
    }

    #[test]
    fn what_fills_a_place_or_tags_a_text_is_unseen() {
        for character in "\u{3164}\u{115f}\u{1160}\u{ffa0}\u{34f}\u{e0001}\u{e0041}\u{e007f}\u{1d173}".chars() {
            assert!(is_unseen(character), "{character:?}");
        }
    }

    #[test]
    fn what_people_write_is_seen() {
        for character in ['a', ' ', 'é', 'ß', '漢', 'ש', '\u{301}', '\u{200d}', '\u{fe0f}', '👩', '\u{fffd}'] {
            assert!(!is_unseen(character), "{character:?}");
        }
    }
}
