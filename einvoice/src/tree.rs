//! XML of others as a tree of bounded size and depth.
//!
//! Document types are refused, so there is no entity to expand, and nothing outside the file is ever asked for.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use crate::read::Place;
use crate::{ReadError, ReadErrorKind, ubl};

/// Most bytes of a file: enough for some thousand lines and a picture of the invoice within.
pub const MAX_BYTES: usize = 16 << 20;
/// Most levels of elements. UBL as EN 16931 uses it has eight.
pub const MAX_DEPTH: usize = 32;
/// Most elements of a file.
pub const MAX_ELEMENTS: usize = 500_000;
/// Most attributes of an element, declarations of namespaces among them.
pub const MAX_ATTRIBUTES: usize = 32;

/// An element.
pub(crate) struct Node {
    pub space: Space,
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Node>,
    pub place: Place,
}

/// The namespaces of UBL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    Invoice,
    CreditNote,
    Aggregate,
    Basic,
    Other,
}

struct Parser<'f> {
    file: &'f str,
    reader: NsReader<&'f [u8]>,
    open: Vec<Node>,
    elements: usize,
    /// How far lines were counted.
    place: Place,
}

/// The root of a file.
pub(crate) fn parse(bytes: &[u8]) -> Result<Node, ReadError> {
    let error = |kind, place: Place| ReadError {
        kind,
        element: String::from("/"),
        offset: place.offset,
        line: place.line,
    };
    let start = Place { offset: 0, line: 1 };
    if bytes.len() > MAX_BYTES {
        return Err(error(ReadErrorKind::TooLarge(MAX_BYTES), start));
    }
    let file = std::str::from_utf8(bytes).map_err(|invalid| {
        let before = bytes.get(..invalid.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        error(ReadErrorKind::NotUtf8, Place { offset: before.len(), line })
    })?;
    let mut reader = NsReader::from_str(file);
    reader.config_mut().expand_empty_elements = true;
    Parser { file, reader, open: Vec::new(), elements: 0, place: start }.root()
}

impl Parser<'_> {
    fn root(mut self) -> Result<Node, ReadError> {
        let mut root = None;
        loop {
            self.advance();
            let event = match self.reader.read_resolved_event() {
                Ok((space, event)) => (namespace(&space), event),
                Err(error) => return Err(self.error(ReadErrorKind::NotXml(error.to_string()))),
            };
            match event {
                (space, Event::Start(start)) => {
                    if root.is_some() {
                        return Err(self.not_xml("there is a second root"));
                    }
                    self.start(space, &start)?;
                }
                (_, Event::End(_)) => {
                    // Names are compared by the reader, so there is one that is open.
                    let Some(done) = self.open.pop() else { return Err(self.not_xml("nothing is open")) };
                    match self.open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => root = Some(done),
                    }
                }
                (_, Event::Text(text)) => self.text(&text.xml10_content())?,
                (_, Event::CData(text)) => self.text(&text.xml10_content())?,
                (_, Event::GeneralRef(reference)) => {
                    let c = self.resolve(&reference)?;
                    self.text(c.encode_utf8(&mut [0; 4]))?;
                }
                (_, Event::DocType(_)) => return Err(self.error(ReadErrorKind::DocType)),
                (_, Event::Eof) if self.open.is_empty() => {
                    return root.ok_or_else(|| self.not_xml("there is no element"));
                }
                (_, Event::Eof) => return Err(self.not_xml("an element is not closed")),
                (_, Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
            }
        }
    }

    fn start(&mut self, space: Space, start: &BytesStart<'_>) -> Result<(), ReadError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(self.error(ReadErrorKind::TooManyElements(MAX_ELEMENTS)));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error(ReadErrorKind::TooDeep(MAX_DEPTH)));
        }
        let mut attributes: Vec<(String, String)> = Vec::new();
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| self.not_xml(&error.to_string()))?;
            let (key, value) = (attribute.key.as_ref(), attribute.value.as_ref());
            if attributes.iter().any(|(known, _)| known == key) {
                return Err(self.not_xml(&format!("the attribute {key} is there twice")));
            }
            if attributes.len() >= MAX_ATTRIBUTES {
                return Err(self.not_xml(&format!("there are more than {MAX_ATTRIBUTES} attributes")));
            }
            attributes.push((key.to_owned(), value.to_owned()));
        }
        let name = start.local_name().as_ref().to_owned();
        let (text, children, place) = (String::new(), Vec::new(), self.place);
        self.open.push(Node { space, name, attributes, text, children, place });
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), ReadError> {
        match self.open.last_mut() {
            Some(node) => node.text.push_str(text),
            None if text.trim_start_matches('\u{feff}').trim().is_empty() => {}
            None => return Err(self.not_xml("there is text outside of the root")),
        }
        Ok(())
    }

    fn resolve(&self, reference: &BytesRef<'_>) -> Result<char, ReadError> {
        let name = reference.xml10_content();
        let number = reference.resolve_char_ref().map_err(|error| self.not_xml(&error.to_string()))?;
        match (number, name.as_ref()) {
            (Some(c), _) => Ok(c),
            (None, "amp") => Ok('&'),
            (None, "lt") => Ok('<'),
            (None, "gt") => Ok('>'),
            (None, "quot") => Ok('"'),
            (None, "apos") => Ok('\''),
            (None, other) => Err(self.error(ReadErrorKind::UnknownEntity(other.chars().take(40).collect()))),
        }
    }

    /// Counts the lines up to where the reader is.
    fn advance(&mut self) {
        let offset = usize::try_from(self.reader.buffer_position()).unwrap_or(self.place.offset);
        let read = self.file.as_bytes().get(self.place.offset..offset).unwrap_or_default();
        let lines = read.iter().filter(|byte| **byte == b'\n').count();
        self.place = Place { offset, line: self.place.line + lines };
    }

    fn not_xml(&self, why: &str) -> ReadError {
        self.error(ReadErrorKind::NotXml(why.to_owned()))
    }

    fn error(&self, kind: ReadErrorKind) -> ReadError {
        let path: Vec<&str> = self.open.iter().map(|node| node.name.as_str()).collect();
        let element = if path.is_empty() { String::from("/") } else { path.join("/") };
        ReadError { kind, element, offset: self.place.offset, line: self.place.line }
    }
}

fn namespace(space: &ResolveResult<'_>) -> Space {
    match space {
        ResolveResult::Bound(Namespace(ubl::INVOICE)) => Space::Invoice,
        ResolveResult::Bound(Namespace(ubl::CREDIT_NOTE)) => Space::CreditNote,
        ResolveResult::Bound(Namespace(ubl::AGGREGATE)) => Space::Aggregate,
        ResolveResult::Bound(Namespace(ubl::BASIC)) => Space::Basic,
        ResolveResult::Bound(_) | ResolveResult::Unbound | ResolveResult::Unknown(_) => Space::Other,
    }
}

impl Node {
    /// Elements of a name that may be there more than once.
    pub fn all<'n>(&'n self, name: &'static str) -> impl Iterator<Item = &'n Self> {
        let of_ubl = |space| matches!(space, Space::Aggregate | Space::Basic);
        self.children.iter().filter(move |child| of_ubl(child.space) && child.name == name)
    }

    /// An element that may be there once.
    pub fn one(&self, name: &'static str) -> Result<Option<&Self>, ReadError> {
        let mut all = self.all(name);
        let first = all.next();
        match all.next() {
            Some(second) => Err(self.wrong(second, ReadErrorKind::Repeated(name))),
            None => Ok(first),
        }
    }

    /// Its text, without spaces around it.
    pub fn trimmed(&self) -> &str {
        self.text.trim_ascii()
    }

    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value.trim_ascii())
    }

    /// What is wrong with a child of it.
    pub fn wrong(&self, child: &Self, kind: ReadErrorKind) -> ReadError {
        let Place { offset, line } = child.place;
        ReadError { kind, element: format!("{}/{}", self.name, child.name), offset, line }
    }
}
