//! Text that may be laid out on one line or on many.
//!
//! The algorithm is that of Wadler, "A prettier printer" (2003), in its iterative form: a group is laid
//! out flat where it fits in what is left of the line, else each of its own lines is broken. Comments are
//! an addition: one ends its line, and whatever comes next begins a new one.

/// The greatest width of a line, in characters; comments may go beyond.
const WIDTH: usize = 100;

/// A piece of text with places where it may break.
#[derive(Clone, Debug)]
pub(super) enum Doc<'a> {
    /// Text without newlines.
    Text(&'a str),
    /// A blank, except at the start of a line.
    Space,
    /// A newline where the group is broken, else a blank.
    Line,
    /// A newline where the group is broken, else nothing.
    SoftLine,
    /// A newline where the group is broken and so many characters do not fit, else a blank.
    FillLine(usize),
    /// An empty line where the group is broken.
    BlankLine,
    /// Text that is there only where the group is broken.
    IfBroken(&'a str),
    /// A comment, on the line of what is before it or on a line of its own.
    Comment {
        /// The comment with its `#`.
        text: &'a str,
        /// Whether it stands on a line of its own.
        own_line: bool,
    },
    /// One after the other.
    Concat(Vec<Doc<'a>>),
    /// Lines within are indented by two more.
    Nest(Box<Doc<'a>>),
    /// What is laid out flat or broken as a whole.
    Group {
        /// What is laid out.
        content: Box<Doc<'a>>,
        /// Whether it is broken even where it would fit.
        broken: bool,
    },
}

impl<'a> Doc<'a> {
    /// A group, broken if `broken` or if anything in it must be.
    pub fn group(content: Doc<'a>, broken: bool) -> Doc<'a> {
        let broken = broken || content.must_break();
        Doc::Group { content: Box::new(content), broken }
    }

    /// `content` with its lines indented.
    pub fn nest(content: Vec<Doc<'a>>) -> Doc<'a> {
        Doc::Nest(Box::new(Doc::Concat(content)))
    }

    fn must_break(&self) -> bool {
        match self {
            Doc::Comment { .. } => true,
            Doc::Concat(parts) => parts.iter().any(Doc::must_break),
            Doc::Nest(content) => content.must_break(),
            Doc::Group { broken, .. } => *broken,
            Doc::Text(_)
            | Doc::Space
            | Doc::Line
            | Doc::SoftLine
            | Doc::FillLine(_)
            | Doc::BlankLine
            | Doc::IfBroken(_) => false,
        }
    }
}

/// A line that is laid out.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    /// What stands before the comment.
    pub code: String,
    /// The comment at its end.
    pub comment: Option<&'a str>,
}

/// Lays out `doc`.
pub(super) fn lay_out<'a>(doc: &Doc<'a>) -> Vec<Line<'a>> {
    let mut printer = Printer { lines: vec![Line::default()], column: 0, indent: 0, ended: false };
    let mut rest = vec![Cell { indent: 0, broken: true, doc }];
    while let Some(cell) = rest.pop() {
        printer.print(cell, &mut rest);
    }
    printer.lines
}

/// A document that is still to be laid out.
#[derive(Clone, Copy)]
struct Cell<'d, 'a> {
    indent: usize,
    broken: bool,
    doc: &'d Doc<'a>,
}

struct Printer<'a> {
    lines: Vec<Line<'a>>,
    column: usize,
    /// The indentation of the line, where nothing stands on it yet.
    indent: usize,
    /// Whether a comment has ended the line.
    ended: bool,
}

impl<'a> Printer<'a> {
    fn print<'d>(&mut self, cell: Cell<'d, 'a>, rest: &mut Vec<Cell<'d, 'a>>) {
        match cell.doc {
            Doc::Text(text) => self.text(text),
            Doc::IfBroken(text) if cell.broken => self.text(text),
            Doc::Line | Doc::SoftLine if cell.broken => self.newline(cell.indent),
            Doc::FillLine(next) if cell.broken && self.column + 1 + next > WIDTH => self.newline(cell.indent),
            Doc::BlankLine if cell.broken => {
                self.newline(cell.indent);
                self.lines.push(Line::default());
            }
            Doc::Space | Doc::Line | Doc::FillLine(_) if self.column > 0 && !self.ended => {
                self.text(" ");
            }
            Doc::Space | Doc::Line | Doc::FillLine(_) | Doc::SoftLine | Doc::IfBroken(_) | Doc::BlankLine => {}
            Doc::Comment { text, own_line } => self.comment(text, *own_line, cell.indent),
            Doc::Concat(parts) => rest.extend(parts.iter().rev().map(|doc| Cell { doc, ..cell })),
            Doc::Nest(content) => rest.push(Cell { indent: cell.indent + 2, doc: content, ..cell }),
            Doc::Group { content, broken } => {
                let flat = Cell { broken: false, doc: content, ..cell };
                let column = if self.column == 0 || self.ended { self.indent } else { self.column };
                let broken = *broken || !fits(WIDTH.saturating_sub(column), flat, rest);
                rest.push(Cell { broken, doc: content, ..cell });
            }
        }
    }

    /// Ends the line, unless nothing stands on it.
    fn newline(&mut self, indent: usize) {
        if self.column > 0 || self.ended {
            self.lines.push(Line::default());
        }
        (self.column, self.indent, self.ended) = (0, indent, false);
    }

    fn text(&mut self, text: &str) {
        if self.ended {
            self.newline(self.indent);
        }
        let Some(line) = self.lines.last_mut() else { return };
        if self.column == 0 && !text.is_empty() {
            line.code.extend(std::iter::repeat_n(' ', self.indent));
            self.column = self.indent;
        }
        line.code.push_str(text);
        self.column += text.chars().count();
    }

    fn comment(&mut self, text: &'a str, own_line: bool, indent: usize) {
        if own_line || self.ended {
            self.newline(indent);
        }
        if self.column == 0 {
            self.text(text);
        } else if let Some(line) = self.lines.last_mut() {
            line.comment = Some(text);
        }
        (self.indent, self.ended) = (indent, true);
    }
}

/// Whether `cell`, laid out flat, and what follows it on the line fit in `width`.
fn fits<'d, 'a>(width: usize, cell: Cell<'d, 'a>, rest: &[Cell<'d, 'a>]) -> bool {
    let mut left = width as isize;
    let mut after = rest.iter().rev();
    let mut cells = vec![cell];
    while left >= 0 {
        let Some(cell) = cells.pop().or_else(|| after.next().copied()) else { return true };
        match cell.doc {
            Doc::Text(text) => left -= text.chars().count() as isize,
            Doc::Line | Doc::SoftLine | Doc::FillLine(_) if cell.broken => return true,
            Doc::Space | Doc::Line | Doc::FillLine(_) => left -= 1,
            Doc::IfBroken(text) if cell.broken => left -= text.chars().count() as isize,
            Doc::SoftLine | Doc::IfBroken(_) | Doc::BlankLine => {}
            Doc::Comment { .. } => return true,
            Doc::Concat(parts) => cells.extend(parts.iter().rev().map(|doc| Cell { doc, ..cell })),
            Doc::Nest(content) => cells.push(Cell { doc: content, ..cell }),
            Doc::Group { content, broken } => {
                cells.push(Cell { broken: cell.broken || *broken, doc: content, ..cell });
            }
        }
    }
    false
}
