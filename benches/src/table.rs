//! How is it shown? A row for each measurement: what, beside what, the ratio, and whether that is good enough.

/// What a ratio has to be.
#[derive(Clone, Copy)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// There is nothing to reach.
    Told,
}

pub struct Table {
    met: usize,
    missed: Vec<String>,
}

impl Table {
    pub fn new() -> Self {
        println!("| what | measured | measured against | | ratio | target | met |");
        println!("|---|--:|---|--:|--:|--:|---|");
        Table { met: 0, missed: Vec::new() }
    }

    /// Two figures of the same unit. The ratio is the first by the second.
    pub fn row(&mut self, what: &str, figure: f64, against: &str, other: f64, unit: &str, target: Target) {
        let ratio = figure / other;
        let (target, met) = match target {
            Target::AtMost(most) => (format!("≤ {most}×"), Some(ratio <= most)),
            Target::AtLeast(least) => (format!("≥ {least}×"), Some(ratio >= least)),
            Target::Told => (String::new(), None),
        };
        let (figure, other) = (shown(figure), shown(other));
        let verdict = met.map_or("", |met| if met { "yes" } else { "**no**" });
        println!("| {what} | {figure} {unit} | {against} | {other} {unit} | {ratio:.2}× | {target} | {verdict} |");
        match met {
            Some(false) => self.missed.push(what.to_owned()),
            Some(true) => self.met += 1,
            None => {}
        }
    }

    /// A figure that stands alone.
    pub fn told(&self, what: &str, figure: f64, unit: &str) {
        println!("| {what} | {} {unit} | | | | | |", shown(figure));
    }

    pub fn finish(self) {
        println!("\n{} targets met, {} missed", self.met, self.missed.len());
        for missed in self.missed {
            println!("  missed: {missed}");
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        Table::new()
    }
}

/// Three digits or so.
fn shown(figure: f64) -> String {
    match figure {
        figure if figure < 10.0 => format!("{figure:.2}"),
        figure if figure < 100.0 => format!("{figure:.1}"),
        figure => format!("{figure:.0}"),
    }
}
