//! Which characters cannot be seen, so that a text which has them could pass for another one?

/// Control characters, marks that turn the direction of what follows, and characters without a width that no writing system
/// joins with. Zero-width joiners stay as they are: many scripts, and pictures made of several, need them.
pub(crate) fn is_unseen(character: char) -> bool {
    character.is_control() || turns_direction(character) || has_no_width(character)
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

#[cfg(test)]
mod tests {
    use super::is_unseen;

    #[test]
    fn what_hides_or_turns_text_is_unseen() {
        for character in ['\0', '\n', '\u{7f}', '\u{85}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{2028}', '\u{feff}', '\u{ffff}']
        {
            assert!(is_unseen(character), "{character:?}");
        }
    }

    #[test]
    fn what_people_write_is_seen() {
        for character in ['a', ' ', 'é', 'ß', '漢', 'ש', '\u{301}', '\u{200d}', '👩', '\u{fffd}'] {
            assert!(!is_unseen(character), "{character:?}");
        }
    }
}
