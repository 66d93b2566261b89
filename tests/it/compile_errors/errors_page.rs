//! `docs/errors.md` shows what the compiler really prints.
//!
//! A comment on the page names the wrong program that the next two blocks are about: the program, with the compiler's error
//! code, and what the compiler prints of it. Either may leave lines out.

use super::WrongProgram;

const PAGE: &str = include_str!("../../../docs/errors.md");

/// A fenced block: what stands behind the opening fence, and the lines.
struct Block {
    info: &'static str,
    lines: Vec<&'static str>,
}

/// A wrong program of the page, with the two blocks about it.
struct Section {
    program: WrongProgram,
    code: Block,
    printed: Block,
}

fn sections() -> Vec<Section> {
    let mut lines = PAGE.lines();
    let mut sections = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("<!-- tests/ui/").and_then(|rest| rest.strip_suffix(".rs -->")) {
            let (code, printed) = (next_block(&mut lines), next_block(&mut lines));
            sections.push(Section { program: WrongProgram::named(name), code, printed });
        }
    }
    sections
}

fn next_block(lines: &mut impl Iterator<Item = &'static str>) -> Block {
    let info = lines.find_map(|line| line.strip_prefix("```")).expect("a block follows");
    Block { info, lines: lines.take_while(|line| *line != "```").collect() }
}

/// The lines, whatever their indentation, stand in the text in this order.
fn assert_quotes(lines: &[&str], text: &str) {
    let mut rest = text.lines().map(str::trim);
    for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
        assert!(
            rest.any(|other| other == line),
            "the page has this line:\n{line}\nwhich is missing, or comes earlier, in:\n{text}"
        );
    }
}

#[test]
fn the_page_has_a_section_for_every_sentence() {
    let sections = sections();
    let has = |name| sections.iter().any(|section| section.program.name == name);
    for name in ["start_while_running", "complete_while_idle", "result_not_a_dictionary", "bad_name_in_pipeline"] {
        assert!(has(name), "{name}");
    }
    for name in ["bad_status_in_const", "wrong_order"] {
        assert!(has(name), "{name}");
    }
}

#[test]
fn the_page_quotes_the_compiler() {
    for Section { program, printed, .. } in sections() {
        assert_eq!(printed.info, "text", "{}", program.name);
        assert_eq!(printed.lines.first().copied(), program.snapshot().lines().next(), "{}", program.name);
        assert_quotes(&printed.lines, &program.snapshot());
    }
}

#[test]
fn the_page_shows_the_programs_that_the_compiler_was_asked_about() {
    for Section { program, code, .. } in sections() {
        let shown = code.lines.iter().filter(|line| !line.starts_with("# ")).copied().collect::<Vec<_>>();
        assert_quotes(&shown, &std::fs::read_to_string(&program.path).unwrap());
    }
}

/// Stable toolchains accept any code behind `compile_fail`.
#[test]
fn the_page_gives_the_codes_of_the_errors() {
    for Section { program, code, .. } in sections() {
        let number = code.info.strip_prefix("compile_fail").expect("a program that does not compile");
        let number = number.strip_prefix(',').map(|number| format!("[{number}]")).unwrap_or_default();
        assert!(program.snapshot().starts_with(&format!("error{number}: ")), "{}", program.name);
    }
}

/// What a macro says itself has no code.
#[test]
fn the_page_has_every_sentence_of_the_macros() {
    let snapshots = WrongProgram::all_with_snapshot().into_iter().map(|program| program.snapshot());
    let sentences: Vec<_> =
        snapshots.filter_map(|text| text.lines().next()?.strip_prefix("error: ").map(str::to_owned)).collect();
    assert!(sentences.len() > 20, "only {} sentences were found", sentences.len());
    for sentence in sentences {
        let cell = sentence.replace('|', "\\|");
        assert!(PAGE.contains(&cell), "the page has no row with this:\n{sentence}");
    }
}

/// The README and the tutorial show one mistake each.
#[test]
fn the_other_pages_print_the_notes_that_the_compiler_prints() {
    for (name, page, mistake) in [
        ("README", include_str!("../../../README.md"), "wrong_order_on_the_front_page"),
        ("tutorial", include_str!("../../../docs/tutorial.md"), "wrong_order"),
    ] {
        let snapshot = WrongProgram::named(mistake).snapshot();
        let printed = page.split("```text\nerror[E0277]: ").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let told: Vec<_> = printed.lines().filter(|line| line.starts_with("phase `") || line.contains("= note: ")).collect();
        assert_eq!(told.len(), 3, "{name}: {printed}");
        assert!(snapshot.lines().next().unwrap().ends_with(told[0]), "{name}: {printed}");
        assert_quotes(&told[1..], &snapshot);
    }
}
