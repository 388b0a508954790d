//! Script text and places in it.
//!
//! A run may read several files (imports), so a [`Span`] is an offset into one address space in
//! which the [`SourceMap`] lays its files end to end. A span alone thus names its file, stays eight
//! bytes and is `Copy`.

use std::fmt;
use std::sync::Arc;

/// A half-open range of bytes in the address space of a [`SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`, in bytes.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, end: end as u32 }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl From<Span> for miette::SourceSpan {
    fn from(span: Span) -> Self {
        (span.start as usize, (span.end - span.start) as usize).into()
    }
}

/// A value and the text it was written as.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value`, written at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

/// One script file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The name shown in diagnostics, usually the path as the user wrote it.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// Where the file begins in the address space of its map.
    pub base: u32,
}

/// All files of one run, end to end; implements [`miette::SourceCode`], so one report may label
/// places in several files.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    secrets: Vec<String>,
}

/// Secrets are longer: what is shorter stands in many places where it is none.
const SHORTEST_SECRET: usize = 6;

impl SourceMap {
    /// A map of one file.
    pub fn single(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let mut map = SourceMap::default();
        map.add(name, text);
        map
    }

    /// Adds a file after the ones already there.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> &SourceFile {
        let base = self.files.last().map_or(0, |f| f.base + f.text.len() as u32 + 1);
        self.files.push(SourceFile { name: name.into(), text: text.into(), base });
        self.files.last().expect("a file was just added")
    }

    /// The files, in the order they were added.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file in which `span` lies.
    pub fn file(&self, span: Span) -> Option<&SourceFile> {
        self.files.iter().find(|f| span.start >= f.base && span.end as usize <= f.base as usize + f.text.len())
    }

    /// The text of `span`, empty where the span lies in no file.
    pub fn text(&self, span: Span) -> &str {
        self.file(span).map_or("", |f| &f.text[(span.start - f.base) as usize..(span.end - f.base) as usize])
    }

    /// Puts stars in place of what stands at a span but the quotes around it, so that no message shows it.
    pub fn blot(&mut self, span: Span) {
        let Some(file) =
            self.files.iter_mut().find(|f| span.start >= f.base && span.end as usize <= f.base as usize + f.text.len())
        else {
            return;
        };
        let mut bytes = file.text.as_bytes().to_vec();
        let place = (span.start - file.base) as usize..(span.end - file.base) as usize;
        bytes[place].iter_mut().filter(|byte| **byte != b'"' && **byte != b'\n').for_each(|byte| *byte = b'*');
        file.text = String::from_utf8_lossy(&bytes).into();
    }

    /// Puts stars in place of a secret wherever the files have it, and where a text goes through [`SourceMap::without_secrets`].
    pub fn hide(&mut self, secret: &str) {
        if secret.len() < SHORTEST_SECRET {
            return;
        }
        self.secrets.push(secret.to_owned());
        for file in self.files.iter_mut().filter(|file| file.text.contains(secret)) {
            file.text = file.text.replace(secret, &"*".repeat(secret.len())).into();
        }
    }

    /// A text with stars in place of the secrets that are known.
    pub fn without_secrets(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, &"*".repeat(secret.len())))
    }

    /// File name, line and column of the span's first byte, counted from one.
    pub fn location(&self, span: Span) -> Option<(&str, usize, usize)> {
        let file = self.file(span)?;
        let before = &file.text[..(span.start - file.base) as usize];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        Some((&file.name, line, column))
    }
}

impl miette::SourceCode for SourceMap {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let whole = Span::new(span.offset(), span.offset() + span.len());
        let file = self.file(whole).ok_or(miette::MietteError::OutOfBounds)?;
        let local = miette::SourceSpan::from((span.offset() - file.base as usize, span.len()));
        let read = file.text.as_bytes().read_span(&local, before, after)?;
        let moved = miette::SourceSpan::from((read.span().offset() + file.base as usize, read.span().len()));
        Ok(Box::new(miette::MietteSpanContents::new_named(
            file.name.to_string(),
            read.data(),
            moved,
            read.line(),
            read.column(),
            read.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_finds_its_file() {
        let mut map = SourceMap::single("a.ff", "let x = 1\n");
        let base = map.add("b.ff", "let y\n  = 2\n").base;
        let span = Span { start: base + 8, end: base + 11 };
        assert_eq!(map.text(span), "= 2");
        assert_eq!(map.location(span), Some(("b.ff", 2, 3)));
        map.blot(Span { start: base + 4, end: base + 9 });
        assert_eq!(&*map.files()[1].text, "let *\n*** 2\n");
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let mut map = SourceMap::single("a.ff", "let é = \"S3CRET-K\"\nf(\"S3CRET-K\", x)\n");
        let before = map.location(Span::new(25, 26)).map(|(_, line, column)| (line, column));
        map.hide("x");
        map.hide("S3CRET-K");
        assert_eq!(&*map.files()[0].text, "let é = \"********\"\nf(\"********\", x)\n");
        assert_eq!(map.location(Span::new(25, 26)).map(|(_, line, column)| (line, column)), before);
        assert_eq!(map.without_secrets("--key=S3CRET-K x"), "--key=******** x");
    }
}
