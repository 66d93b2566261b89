//! How are names listed for people? With commas, and a word before the last one.

/// As in `a`, `a and b`, `a, b and c`.
pub(crate) fn listed<Name: AsRef<str>>(names: &[Name], word: &str) -> String {
    let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} {word} {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The first `most` of them, and how many more there are.
pub(crate) fn listed_up_to<Name: AsRef<str>>(names: &[Name], most: usize) -> String {
    let (told, untold) = names.split_at(names.len().min(most));
    let told = told.iter().map(|name| name.as_ref().to_owned());
    let more = (!untold.is_empty()).then(|| format!("{} more", untold.len()));
    listed(&told.chain(more).collect::<Vec<_>>(), "and")
}
