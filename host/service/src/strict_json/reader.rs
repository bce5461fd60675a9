//! A reader of JSON that goes on behind what is odd, and knows where it stood.

use std::borrow::Cow;

use largesse_domain::limits::JSON_DEPTH_MAX;
use largesse_domain::problem::Problem;
use serde_json::{Map, Value};

use super::{Unread, number};

/// Reads a text from its beginning to its end.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Where in the document it is, as a JSON pointer.
    pointer: String,
    odd: Option<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, Unread> {
        let start = |text| Self { text, at: 0, pointer: String::new(), odd: None };
        std::str::from_utf8(bytes).map(start).map_err(|error| {
            let text = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            let at = text.len();
            Reader { text, at, pointer: String::new(), odd: None }.error("not UTF-8")
        })
    }

    /// Returns the first thing that was odd.
    pub(super) fn odd(&mut self) -> Option<Problem> {
        self.odd.take()
    }

    /// The whole text as one document.
    pub(super) fn document(&mut self) -> Result<Value, Unread> {
        let value = self.value(0)?;
        self.end()?;
        Ok(value)
    }

    /// The whole text as an array of documents.
    pub(super) fn documents(&mut self) -> Result<Option<Vec<Result<Value, Unread>>>, Unread> {
        self.space();
        if !self.take(b'[') {
            self.document()?;
            return Ok(None);
        }
        let mut documents = Vec::new();
        self.space();
        let mut more = !self.take(b']');
        while more {
            let value = self.value(0)?;
            documents.push(match self.odd() {
                Some(problem) => Err(Unread::Odd(problem)),
                None => Ok(value),
            });
            more = self.goes_on(b']')?;
        }
        self.end()?;
        Ok(Some(documents))
    }

    fn end(&mut self) -> Result<(), Unread> {
        self.space();
        if self.at < self.text.len() { Err(self.error("expected nothing more")) } else { Ok(()) }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Unread> {
        self.space();
        match self.peek() {
            Some(b'{' | b'[') if depth >= JSON_DEPTH_MAX => {
                self.note(format!("nested deeper than {JSON_DEPTH_MAX} levels"));
                self.skip().map(|()| Value::Null)
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::String(self.string()?.into_owned())),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.error("expected a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Unread> {
        self.at += 1;
        let mut object = Map::new();
        self.space();
        let mut more = !self.take(b'}');
        while more {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a key"));
            }
            let key = self.string()?;
            self.space();
            if !self.take(b':') {
                return Err(self.error("expected `:`"));
            }
            let above = self.pointer.len();
            self.pointer.push('/');
            self.pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            if object.contains_key(&*key) {
                self.note(format!("the key {key:?} stands twice in one object"));
            }
            let value = self.value(depth + 1)?;
            self.pointer.truncate(above);
            object.insert(key.into_owned(), value);
            more = self.goes_on(b'}')?;
        }
        Ok(Value::Object(object))
    }

    fn array(&mut self, depth: usize) -> Result<Value, Unread> {
        self.at += 1;
        let mut values = Vec::new();
        self.space();
        let mut more = !self.take(b']');
        while more {
            let above = self.pointer.len();
            self.pointer.push('/');
            self.pointer.push_str(&values.len().to_string());
            let value = self.value(depth + 1)?;
            self.pointer.truncate(above);
            values.push(value);
            more = self.goes_on(b']')?;
        }
        Ok(Value::Array(values))
    }

    /// Reports whether a comma stands here rather than the end of what is open.
    fn goes_on(&mut self, end: u8) -> Result<bool, Unread> {
        self.space();
        match self.peek() {
            Some(b',') => self.at += 1,
            Some(byte) if byte == end => {
                self.at += 1;
                return Ok(false);
            }
            _ => return Err(self.error("expected `,` or the end of what is open")),
        }
        Ok(true)
    }

    /// Goes behind what is nested too deep, without a call for each level.
    fn skip(&mut self) -> Result<(), Unread> {
        let mut open = Vec::new();
        loop {
            match self.peek() {
                Some(b'{') => open.push(b'}'),
                Some(b'[') => open.push(b']'),
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(byte @ (b'}' | b']')) if open.pop() != Some(byte) => {
                    return Err(self.error("expected the end of something else"));
                }
                Some(_) => {}
                None => return Err(self.error("expected more")),
            }
            self.at += 1;
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// The text at the quotation mark that stands here.
    fn string(&mut self) -> Result<Cow<'a, str>, Unread> {
        let (text, start) = (self.text, self.at);
        let mut plain = true;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    plain = false;
                    self.at += 2;
                }
                Some(..=0x1f) => {
                    return Err(self.error("a control character in a text is written as \\u and its number"));
                }
                Some(_) => self.at += 1,
                None => return Err(self.error("expected the end of a text")),
            }
        }
        self.at += 1;
        if plain {
            return Ok(Cow::Borrowed(&text[start + 1..self.at - 1]));
        }
        // What an escape stands for, and half of a pair of them for nothing.
        serde_json::from_str(&text[start..self.at]).map(Cow::Owned).map_err(|_| {
            self.at = start;
            self.error("expected escapes that stand for characters")
        })
    }

    fn number(&mut self) -> Result<Value, Unread> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let number = number::read(&self.text[start..self.at]);
        Ok(number.map_or_else(
            |odd| {
                self.note(odd.to_owned());
                Value::Null
            },
            Value::Number,
        ))
    }

    fn digits(&mut self) -> Result<(), Unread> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.error("expected a digit")) } else { Ok(()) }
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, Unread> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn note(&mut self, message: String) {
        let pointer = &self.pointer;
        self.odd.get_or_insert_with(|| Problem { pointer: pointer.clone(), message });
    }

    fn error(&self, what: &'static str) -> Unread {
        let before = &self.text.as_bytes()[..self.at.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        Unread::Syntax { what, line, column }
    }
}
