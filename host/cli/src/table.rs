//! Tables for people: columns under headings, two spaces apart, numbers to the right.

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug)]
struct Column {
    heading: &'static str,
    right: bool,
}

impl Table {
    /// With these headings. A heading that begins with `>` is that of a column of numbers.
    pub(crate) fn new<const N: usize>(headings: [&'static str; N]) -> Self {
        let column = |heading: &'static str| match heading.strip_prefix('>') {
            Some(heading) => Column { heading, right: true },
            None => Column { heading, right: false },
        };
        Self { columns: headings.into_iter().map(column).collect(), rows: Vec::new() }
    }

    /// Adds a row, with a cell for each heading.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        assert_eq!(N, self.columns.len(), "a cell for each heading");
        self.rows.push(cells.into());
    }

    /// Without the columns under these headings.
    pub(crate) fn without(mut self, headings: &[&str]) -> Self {
        let kept: Vec<bool> = self.columns.iter().map(|column| !headings.contains(&column.heading)).collect();
        let keep = |index: &mut usize| {
            *index += 1;
            kept[*index - 1]
        };
        let mut index = 0;
        self.columns.retain(|_| keep(&mut index));
        for row in &mut self.rows {
            let mut index = 0;
            row.retain(|_| keep(&mut index));
        }
        self
    }

    /// Whether it has no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = |index: usize| {
            let cells = self.rows.iter().map(|row| row[index].as_str());
            cells.chain([self.columns[index].heading]).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let headings = self.columns.iter().map(|column| column.heading.to_uppercase()).collect();
        for row in std::iter::once(&headings).chain(&self.rows) {
            let mut line = String::new();
            for ((cell, column), width) in row.iter().zip(&self.columns).zip(&widths) {
                let padding = " ".repeat(width - cell.chars().count());
                let (before, after) = if column.right { (padding.as_str(), "") } else { ("", padding.as_str()) };
                line.extend([before, cell, after, "  "]);
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_headings() {
        let mut table = Table::new(["unit", ">quantity", "note"]);
        table.row(["cash:CNY".into(), "8800".into(), "88.00 CNY".into()]);
        table.row(["coupon:größe".into(), "1".into(), String::new()]);
        insta::assert_snapshot!(table, @r"
        UNIT          QUANTITY  NOTE
        cash:CNY          8800  88.00 CNY
        coupon:größe         1
        ");
        insta::assert_snapshot!(table.without(&["quantity"]), @r"
        UNIT          NOTE
        cash:CNY      88.00 CNY
        coupon:größe
        ");
    }
}
