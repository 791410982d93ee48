//! A writer of XML, whose bytes depend on nothing but what is written.

/// XML that is being written, two spaces deeper for each level.
pub(crate) struct Xml {
    out: String,
    depth: usize,
}

impl Xml {
    /// A whole document of one root, whose attributes declare its namespaces.
    pub fn document(root: &str, namespaces: &[(&str, &str)], content: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self { out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), depth: 1 };
        xml.out.push('<');
        xml.out.push_str(root);
        for (prefix, uri) in namespaces {
            let attribute = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            xml.attribute(&attribute, uri);
        }
        xml.out.push_str(">\n");
        content(&mut xml);
        xml.close(root);
        xml.out
    }

    /// An element of elements.
    pub fn group(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str(">\n");
        self.depth += 1;
        content(self);
        self.depth -= 1;
        self.indent();
        self.close(name);
    }

    /// An element of text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.with(name, None, text);
    }

    /// An element of nothing, where the schema wants one.
    pub fn empty(&mut self, name: &str) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str("/>\n");
    }

    /// An element of text, if there is any.
    pub fn some(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// An element of text with an attribute.
    pub fn tagged(&mut self, name: &str, attribute: (&str, &str), text: &str) {
        self.with(name, Some(attribute), text);
    }

    fn with(&mut self, name: &str, attribute: Option<(&str, &str)>, text: &str) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        if let Some((key, value)) = attribute {
            self.attribute(key, value);
        }
        self.out.push('>');
        self.escape(text);
        self.close(name);
    }

    fn attribute(&mut self, key: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(key);
        self.out.push_str("=\"");
        self.escape(value);
        self.out.push('"');
    }

    fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }

    /// XML 1.0 has no way to write most control characters and U+FFFE, U+FFFF, so U+FFFD stands for them. A carriage return would be
    /// read as a line feed unless it is written by its number.
    fn escape(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\r' => self.out.push_str("&#13;"),
                '\n' | '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => self.out.push(c),
                _ => self.out.push('\u{fffd}'),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_what_xml_cannot_say_is_replaced() {
        let xml = Xml::document("a", &[("", "urn:a&b")], |xml| {
            xml.tagged("b", ("c", "\"<"), "1 < 2 & 3 > 2\r\n\t\u{0}\u{b}\u{ffff}\u{1f600}");
        });
        assert_eq!(
            xml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a xmlns=\"urn:a&amp;b\">\n  \
             <b c=\"&quot;&lt;\">1 &lt; 2 &amp; 3 &gt; 2&#13;\n\t\u{fffd}\u{fffd}\u{fffd}\u{1f600}</b>\n</a>\n"
        );
    }
}
