//! The tables in PostgreSQL, and how rows get into them: in the transaction that also ends the phase.

use std::borrow::Cow;

use postgres::types::ToSql;
use postgres::{Client, NoTls, Statement, Transaction};

use super::{Loaded, RowCounts, Target, Written};
use crate::error::ImportError;
use crate::transform::{MessageRow, Named, Row};

const EXIST: &str = "select to_regclass('skype.messages') is not null";

/// Two processes must not create them at once; any number will do that nobody else uses.
const CREATE: &str = "
    select pg_advisory_xact_lock(5062171934);
    create schema if not exists skype;
    create table if not exists skype.conversations (
        id           text primary key,
        display_name text
    );
    create table if not exists skype.people (
        id           text primary key,
        display_name text
    );
    create table if not exists skype.messages (
        conversation_id text,
        id              text,
        sender          text,
        sent_at         timestamptz not null,
        type            text,
        text            text,
        content         text,
        edited_at       timestamptz,
        deleted_at      timestamptz,
        version         bigint not null,
        replaces        text,
        primary key (conversation_id, id)
    );
    create index if not exists messages_that_replace on skype.messages (conversation_id, replaces) where replaces is not null";

/// Loads wait for each other, as two that write the same rows in another order would never end; reading goes on. A load that
/// is not heard of for half a minute is ended by the server, so that it does not keep the next one waiting.
const ONE_LOAD_AT_A_TIME: &str = "
    set local idle_in_transaction_session_timeout = '30s';
    lock table skype.conversations in share row exclusive mode";

/// For a table of ids and names. Of several names the last one counts, and a name that is known is better than none; `xmax` is
/// 0 in a row that is new.
fn write_named(table: &str) -> String {
    format!(
        "with written as (
            insert into skype.{table} as known (id, display_name)
            select id, (array_agg(display_name order by position desc) filter (where display_name is not null))[1]
            from unnest($1::text[], $2::text[]) with ordinality as given (id, display_name, position)
            group by id
            on conflict (id) do update set display_name = coalesce(excluded.display_name, known.display_name)
            returning xmax = 0 as is_new
        )
        select count(*) filter (where is_new) from written"
    )
}

/// Of several messages with the same key the latest version counts.
const WRITE_MESSAGES: &str = "
    with written as (
        insert into skype.messages as known
            (conversation_id, id, sender, sent_at, type, text, content, edited_at, deleted_at, version, replaces)
        select distinct on (conversation_id, id)
            conversation_id, id, sender, sent_at::timestamptz, type, text, content, edited_at::timestamptz, deleted_at::timestamptz,
            version, replaces
        from unnest(
                $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                $10::bigint[], $11::text[]
            )
            with ordinality as given
                (conversation_id, id, sender, sent_at, type, text, content, edited_at, deleted_at, version, replaces, position)
        order by conversation_id, id, version desc, position desc
        on conflict (conversation_id, id) do update
        set sender = excluded.sender, sent_at = excluded.sent_at, type = excluded.type, text = excluded.text,
            content = excluded.content, edited_at = excluded.edited_at, deleted_at = excluded.deleted_at,
            version = excluded.version, replaces = excluded.replaces
        where known.version <= excluded.version
        returning xmax = 0 as is_new
    )
    select count(*) filter (where is_new) from written";

/// As in `SQLite`: of several that replace one message the latest counts, and one whose original is not here stands for itself.
const REPLACE_EDITED: &str = "
    update skype.messages as original
    set text = later.text, content = later.content, edited_at = later.edited_at, deleted_at = later.deleted_at,
        version = later.version
    from (
        select distinct on (conversation_id, replaces) *
        from skype.messages where replaces is not null order by conversation_id, replaces, version desc
    ) as later
    where original.conversation_id = later.conversation_id and original.id = later.replaces and original.version <= later.version;
    delete from skype.messages as edit using skype.messages as original
    where edit.replaces is not null and original.conversation_id = edit.conversation_id and original.id = edit.replaces";

const COUNT_ROWS: &str = "
    select (select count(*) from skype.conversations), (select count(*) from skype.people), (select count(*) from skype.messages)";

/// Connects, and creates what the database lacks.
pub(crate) fn connect(url: &str) -> Result<Client, ImportError> {
    let mut client = Client::connect(url, NoTls).map_err(cannot("reach"))?;
    create(&mut client).map_err(cannot("create"))?;
    Ok(client)
}

fn create(client: &mut Client) -> Result<(), postgres::Error> {
    if !client.query_one(EXIST, &[])?.get::<_, bool>(0) {
        // Several statements that are sent together are one transaction.
        client.batch_execute(CREATE)?;
    }
    Ok(())
}

/// How many rows the tables have now, from this import and from earlier ones.
pub(crate) fn row_counts(client: &mut Client) -> Result<RowCounts, ImportError> {
    let row = client.query_one(COUNT_ROWS, &[]).map_err(cannot("read"))?;
    Ok(RowCounts { conversations: row.get(0), people: row.get(1), messages: row.get(2) })
}

/// The tables as one transaction sees them, and as others will once it is committed.
pub(crate) struct Tables<'a, 'client> {
    transaction: &'a mut Transaction<'client>,
    write_conversations: Statement,
    write_people: Statement,
    write_messages: Statement,
}

impl<'a, 'client> Tables<'a, 'client> {
    pub(crate) fn lock(transaction: &'a mut Transaction<'client>) -> Result<Self, ImportError> {
        let mut prepare = |statement: &str| transaction.prepare(statement).map_err(cannot("use"));
        let write_conversations = prepare(&write_named("conversations"))?;
        let write_people = prepare(&write_named("people"))?;
        let write_messages = prepare(WRITE_MESSAGES)?;
        transaction.batch_execute(ONE_LOAD_AT_A_TIME).map_err(cannot("lock"))?;
        Ok(Tables { transaction, write_conversations, write_people, write_messages })
    }

    fn write_columns(&mut self, Columns { conversations, people, messages }: &Columns<'_>) -> Result<Loaded, postgres::Error> {
        let Tables { transaction, write_conversations, write_people, write_messages } = self;
        let mut write = |statement: &Statement, rows: usize, columns: &[&(dyn ToSql + Sync)]| {
            let inserted = if rows == 0 { 0 } else { transaction.query_one(statement, columns)?.get(0) };
            Ok::<_, postgres::Error>(written(rows, inserted))
        };
        let Messages { conversation_ids, ids, senders, sent_at, types, texts, contents, .. } = messages;
        let Messages { edited_at, deleted_at, versions, replaces, .. } = messages;
        let columns: [&(dyn ToSql + Sync); 11] =
            [conversation_ids, ids, senders, sent_at, types, texts, contents, edited_at, deleted_at, versions, replaces];
        Ok(Loaded {
            conversations: write(
                write_conversations,
                conversations.ids.len(),
                &[&conversations.ids, &conversations.display_names],
            )?,
            people: write(write_people, people.ids.len(), &[&people.ids, &people.display_names])?,
            messages: write(write_messages, ids.len(), &columns)?,
        })
    }
}

impl Target for Tables<'_, '_> {
    /// The transaction is committed with the end of the phase.
    type Written = ();

    fn write(&mut self, rows: &[Row]) -> Result<Loaded, ImportError> {
        self.write_columns(&Columns::of(rows)).map_err(cannot("write"))
    }

    fn take_written(&mut self) -> Result<(), ImportError> {
        Ok(())
    }

    fn replace_edited(&mut self) -> Result<(), ImportError> {
        self.transaction.batch_execute(REPLACE_EDITED).map_err(cannot("write"))
    }
}

/// A row that was given twice was there the second time.
fn written(given: usize, inserted: i64) -> Written {
    let inserted = inserted.unsigned_abs();
    Written { inserted, updated: (given as u64).saturating_sub(inserted) }
}

fn cannot(action: &'static str) -> impl FnOnce(postgres::Error) -> ImportError {
    move |problem| ImportError::Postgres { action, problem }
}

/// Rows as the statements take them: an array for each column.
#[derive(Default)]
struct Columns<'a> {
    conversations: NamedColumns<'a>,
    people: NamedColumns<'a>,
    messages: Messages<'a>,
}

#[derive(Default)]
struct NamedColumns<'a> {
    ids: Vec<&'a str>,
    display_names: Vec<Option<&'a str>>,
}

#[derive(Default)]
struct Messages<'a> {
    conversation_ids: Vec<&'a str>,
    ids: Vec<&'a str>,
    senders: Vec<Option<&'a str>>,
    sent_at: Vec<Cow<'a, str>>,
    types: Vec<Option<&'a str>>,
    texts: Vec<Option<&'a str>>,
    contents: Vec<Option<&'a str>>,
    edited_at: Vec<Option<Cow<'a, str>>>,
    deleted_at: Vec<Option<Cow<'a, str>>>,
    versions: Vec<i64>,
    replaces: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    fn of(rows: &'a [Row]) -> Self {
        let mut columns = Columns::default();
        for row in rows {
            match row {
                Row::Conversation(conversation) => columns.conversations.push(conversation),
                Row::Person(person) => columns.people.push(person),
                Row::Message(message) => columns.messages.push(message),
            }
        }
        columns
    }
}

impl<'a> NamedColumns<'a> {
    fn push(&mut self, named: &'a Named) {
        self.ids.push(&named.id);
        self.display_names.push(named.display_name.as_deref());
    }
}

impl<'a> Messages<'a> {
    fn push(&mut self, message: &'a MessageRow) {
        self.conversation_ids.push(&message.conversation_id);
        self.ids.push(&message.id);
        self.senders.push(message.sender.as_deref());
        self.sent_at.push(timestamp(&message.sent_at));
        self.types.push(message.message_type.as_deref());
        self.texts.push(message.text.as_deref());
        self.contents.push(message.content.as_deref());
        self.edited_at.push(message.edited_at.as_deref().map(timestamp));
        self.deleted_at.push(message.deleted_at.as_deref().map(timestamp));
        self.versions.push(message.version);
        self.replaces.push(message.replaces.as_deref());
    }
}

/// PostgreSQL has no year 0, which is 1 BC.
fn timestamp(text: &str) -> Cow<'_, str> {
    match text.strip_prefix("0000-") {
        Some(rest) => format!("0001-{rest} BC").into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_0_is_1_bc() {
        assert_eq!(timestamp("0000-02-29T05:06:07.000Z"), "0001-02-29T05:06:07.000Z BC");
        assert_eq!(timestamp("2021-03-04T05:06:07.000Z"), "2021-03-04T05:06:07.000Z");
    }
}
