use super::*;

fn conversation(name: Option<&str>) -> Row {
    Row::Conversation(Named { id: "8:live:ada".into(), display_name: name.map(str::to_owned) })
}

fn message(id: &str, text: &str) -> Row {
    Row::Message(version(id, text, 1))
}

fn version(id: &str, text: &str, version: i64) -> MessageRow {
    MessageRow {
        conversation_id: "8:live:ada".into(),
        id: id.to_owned(),
        sender: None,
        sent_at: "2021-03-04T05:06:07.000Z".to_owned(),
        message_type: None,
        text: Some(text.to_owned()),
        content: Some(format!("<b>{text}</b>")),
        edited_at: None,
        deleted_at: None,
        version,
        replaces: None,
    }
}

fn replacing(original: &str, id: &str, text: &str, at: i64) -> Row {
    let edited_at = Some(format!("edited {at}"));
    Row::Message(MessageRow { replaces: Some(original.to_owned()), edited_at, ..version(id, text, at) })
}

/// What is told of each message, in the order of their ids.
fn told(database: &Database) -> Vec<String> {
    let query = "SELECT id || ' ' || text || ' ' || content || ' ' || coalesce(edited_at, '-') FROM messages";
    let mut query = database.connection.prepare(query).unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn first_value(database: &Database, query: &str) -> String {
    database.connection.query_row(query, [], |row| row.get(0)).unwrap()
}

#[test]
fn rows_that_were_there_are_updated_and_counted_as_such() {
    let database = Database::open(Path::new(":memory:")).unwrap();
    let mut tables = database.tables();
    let rows = [message("1", "old"), message("2", "other"), message("1", "new")];

    let messages = tables.write(&rows).unwrap().messages;
    assert_eq!((messages.inserted, messages.updated), (2, 1));

    let text = first_value(&database, "SELECT text FROM messages WHERE id = '1'");
    assert_eq!(text, "new");
}

#[test]
fn a_known_name_is_not_lost_to_an_unknown_one() {
    let database = Database::open(Path::new(":memory:")).unwrap();
    let mut tables = database.tables();
    let rows = [Some("Ada"), None, Some("Ada B."), None].map(conversation);
    tables.write(&rows).unwrap();

    let name = first_value(&database, "SELECT display_name FROM conversations");
    assert_eq!(name, "Ada B.");
}

#[test]
fn a_batch_that_fails_leaves_nothing() {
    let database = Database::open(Path::new(":memory:")).unwrap();
    let mut tables = database.tables();
    database.connection.execute_batch("DROP TABLE messages").unwrap();

    let error = tables.write(&[conversation(None), message("1", "text")]).unwrap_err().to_string();
    assert!(error.contains("cannot write the database :memory:"), "{error}");
    let rows = first_value(&database, "SELECT CAST(count(*) AS TEXT) FROM conversations");
    assert_eq!(rows, "0");
}

#[test]
fn a_file_that_is_no_database_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.txt");
    std::fs::write(&file, "no database, ".repeat(100)).unwrap();

    let error = Database::open(&file).err().unwrap().to_string();
    assert!(error.contains("cannot open the database"), "{error}");
    assert!(error.contains("notes.txt"), "{error}");
}

#[test]
fn of_two_versions_the_later_one_is_kept_in_whatever_order_they_come() {
    for order in [[1, 2], [2, 1]] {
        let database = Database::open(Path::new(":memory:")).unwrap();
        let mut tables = database.tables();
        let rows = order.map(|at| Row::Message(version("7", &format!("text {at}"), at)));
        tables.write(&rows).unwrap();
        tables.take_written().unwrap().commit().unwrap();
        assert_eq!(told(&database), ["7 text 2 <b>text 2</b> -"]);
    }
}

#[test]
fn an_edited_message_is_one_row_with_the_last_text_in_whatever_order_they_come() {
    let [original, second, third] = [message("7", "first"), replacing("7", "8", "second", 20), replacing("7", "9", "third", 30)];
    for rows in [[original.clone(), second.clone(), third.clone()], [third, second, original]] {
        let database = Database::open(Path::new(":memory:")).unwrap();
        let mut tables = database.tables();
        // As often as the export is imported.
        for _ in 0..2 {
            for row in &rows {
                tables.write(std::slice::from_ref(row)).unwrap();
            }
            tables.take_written().unwrap().commit().unwrap();
            tables.replace_edited().unwrap();
            assert_eq!(told(&database), ["7 third <b>third</b> edited 30"]);
        }
    }
}

#[test]
fn an_edit_of_a_message_that_is_not_here_stands_for_itself_until_it_comes() {
    let database = Database::open(Path::new(":memory:")).unwrap();
    let mut tables = database.tables();
    let mut load = |row| {
        tables.write(&[row]).unwrap();
        tables.take_written().unwrap().commit().unwrap();
        tables.replace_edited().unwrap();
        told(&database)
    };
    assert_eq!(load(replacing("7", "8", "second", 20)), ["8 second <b>second</b> edited 20"]);
    assert_eq!(load(message("7", "first")), ["7 second <b>second</b> edited 20"]);
}

#[test]
fn what_is_not_committed_is_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("skype.db");
    Database::open_to_load(&file).unwrap().tables().write(&[message("1", "text")]).unwrap();
    assert_eq!(Database::open(&file).unwrap().row_counts().unwrap().messages, 0);
}
