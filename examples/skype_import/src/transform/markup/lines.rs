//! Puts a text together, line by line, as the tags around its parts want it.

/// Elements that begin a line and end one.
const BLOCKS: [&[u8]; 20] = [
    b"p",
    b"div",
    b"li",
    b"ul",
    b"ol",
    b"dl",
    b"dt",
    b"dd",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"blockquote",
    b"pre",
    b"table",
    b"tr",
    b"hr",
    b"quote",
];

#[derive(Default)]
pub(crate) struct Lines {
    text: String,
    /// A block has begun or ended, so what comes next is on another line.
    is_due: bool,
    link: Option<Link>,
    /// Whether the quote that is open says in its text where it ends.
    quote_has_end: bool,
}

struct Link {
    address: String,
    /// Where its text begins.
    at: usize,
}

impl Lines {
    pub(crate) fn with_capacity(length: usize) -> Self {
        Lines { text: String::with_capacity(length), ..Lines::default() }
    }

    pub(crate) fn text(&mut self, part: &str) {
        let part = if self.is_due { part.trim_start_matches(['\n', ' ', '\t']) } else { part };
        if part.is_empty() {
            return;
        }
        self.begin_line();
        self.text.push_str(part);
    }

    fn begin_line(&mut self) {
        if self.is_due && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.is_due = false;
    }

    pub(crate) fn start(&mut self, name: &[u8], address: impl FnOnce() -> Option<String>) {
        match name {
            b"br" => {
                self.text.push('\n');
                self.is_due = false;
            }
            b"a" => {
                self.end_link();
                self.begin_line();
                self.link = address().map(|address| Link { address, at: self.text.len() });
            }
            b"legacyquote" => self.quote_has_end = true,
            // The tag itself does not stand at the beginning of a line that is empty so far.
            block if BLOCKS.contains(&block) => self.is_due = true,
            _ => {}
        }
    }

    pub(crate) fn end(&mut self, name: &[u8]) {
        match name {
            b"a" => self.end_link(),
            b"quote" => self.is_due = !std::mem::take(&mut self.quote_has_end),
            block if BLOCKS.contains(&block) => self.is_due = true,
            _ => {}
        }
    }

    /// Tells where the link leads, unless its text does.
    fn end_link(&mut self) {
        let Some(Link { address, at }) = self.link.take() else { return };
        let said = self.text[at.min(self.text.len())..].trim();
        if said.is_empty() {
            self.text.push_str(&address);
        } else if !tells(said, &address) {
            self.text.push_str(" (");
            self.text.push_str(&address);
            self.text.push(')');
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

fn tells(said: &str, address: &str) -> bool {
    said.contains(address) || without_scheme(said) == without_scheme(address)
}

fn without_scheme(address: &str) -> &str {
    let schemes = ["https://", "http://", "mailto:", "tel:"];
    let rest = schemes.iter().find_map(|scheme| address.strip_prefix(scheme)).unwrap_or(address);
    rest.trim_end_matches('/')
}
