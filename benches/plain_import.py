#!/usr/bin/env python3
"""What somebody would write who needs the rows once: no people, no resuming, and the whole export in memory.

plain_import.py <export> <sqlite file>
"""

import html
import json
import re
import sqlite3
import sys

TAG = re.compile(r"<[^>]*>")

TABLES = """
    CREATE TABLE conversations (id TEXT PRIMARY KEY, display_name TEXT) WITHOUT ROWID;
    CREATE TABLE messages (
        conversation_id TEXT, id TEXT, sender TEXT, sent_at TEXT NOT NULL, type TEXT, text TEXT,
        PRIMARY KEY (conversation_id, id)
    ) WITHOUT ROWID;
"""


def text(message):
    content = message.get("content")
    if content and (message.get("messagetype") or "").startswith("RichText"):
        return html.unescape(TAG.sub("", content))
    return content


def row(conversation, message):
    return (
        conversation["id"],
        message["id"],
        message.get("from"),
        message["originalarrivaltime"],
        message.get("messagetype"),
        text(message),
    )


export, database = sys.argv[1:]
with open(export, encoding="utf-8") as file:
    conversations = json.load(file)["conversations"]
with sqlite3.connect(database) as connection:
    connection.executescript(TABLES)
    for conversation in conversations:
        named = (conversation["id"], conversation.get("displayName"))
        connection.execute("INSERT OR IGNORE INTO conversations VALUES (?, ?)", named)
        rows = [row(conversation, message) for message in conversation["MessageList"]]
        connection.executemany("INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?, ?)", rows)
