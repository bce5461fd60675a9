//! What a component must look like before anybody spends time on compiling it.
//!
//! In order: its size, that it is a component, its imports, the version of its contract, its shape. The shape rules bound
//! what makes a compiler slow, and what a few bytes can make large: memories, tables and types. Components of ordinary tool chains
//! keep them. Nothing here validates types: the compile child does.

use largesse_domain::limits::{
    COMPONENT_BYTES_MAX, CORE_MODULES_MAX, DECLARATION_BYTES_MAX, FUNCTIONS_MAX, GUEST_MEMORY_BYTES_MAX, LOCALS_MAX,
    MEMORIES_MAX, NESTED_COMPONENTS_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX,
};
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentExternalKind, ComponentType, Encoding, FunctionBody, MemoryType,
    Operator, Parser, Payload, TableType,
};

use crate::allowance::Allowance;
use crate::compile::CompileError;
use crate::contract::{self, ContractVersion, Name, Part};
use crate::wasi;

/// Bytes of a page of linear memory, where a memory does not say otherwise.
const PAGE_BYTES_LOG2: u32 = 16;

/// Checks a component and tells which version of the contract it keeps.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn inspect(bytes: &[u8], allowance: Allowance) -> Result<ContractVersion, CompileError> {
    if bytes.len() > COMPONENT_BYTES_MAX {
        return Err(CompileError::TooLarge { bytes: bytes.len(), max: COMPONENT_BYTES_MAX });
    }
    if !Parser::is_component(bytes) {
        let found = if Parser::is_core_wasm(bytes) { "a core module" } else { "something other than WebAssembly" };
        return Err(CompileError::NotAComponent { found });
    }
    let mut walk = Walk { allowance, ..Walk::default() };
    for payload in Parser::new(0).parse_all(bytes) {
        walk.step(payload.map_err(unreadable)?)?;
    }
    walk.contract.ok_or(CompileError::NoContract)
}

fn unreadable(error: wasmparser::BinaryReaderError) -> CompileError {
    CompileError::Unreadable { detail: error.to_string() }
}

fn shape(rule: impl Into<String>) -> CompileError {
    CompileError::Shape { rule: rule.into() }
}

#[derive(Default)]
struct Walk {
    allowance: Allowance,
    /// The encodings of what is open, outermost first.
    open: Vec<Encoding>,
    modules: usize,
    components: usize,
    functions: usize,
    memories: u32,
    tables: u32,
    declaration_bytes: u64,
    contract: Option<ContractVersion>,
}

impl Walk {
    /// Whether the payload belongs to the outermost component.
    fn at_root(&self) -> bool {
        self.open.len() == 1
    }

    fn step(&mut self, payload: Payload<'_>) -> Result<(), CompileError> {
        self.measure(&payload)?;
        match payload {
            Payload::Version { encoding, .. } => self.enter(encoding)?,
            Payload::End(_) => {
                self.open.pop();
            }
            Payload::ComponentImportSection(section) if self.at_root() => {
                for import in section {
                    check_import(import.map_err(unreadable)?.name.name)?;
                }
            }
            Payload::ComponentExportSection(section) if self.at_root() => {
                for export in section {
                    let export = export.map_err(unreadable)?;
                    self.take_export(export.name.name, export.kind)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                if !self.at_root() {
                    return Err(shape("a nested component lifts or lowers functions"));
                }
                for function in section {
                    check_canonical(&function.map_err(unreadable)?)?;
                }
            }
            Payload::ComponentTypeSection(section) if self.at_root() => {
                for ty in section {
                    if matches!(ty.map_err(unreadable)?, ComponentType::Resource { .. }) {
                        return Err(shape("it defines a resource of its own"));
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.take_memory(&memory.map_err(unreadable)?)?;
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    self.take_table(&table.map_err(unreadable)?.ty)?;
                }
            }
            Payload::ComponentStartSection { .. } => return Err(shape("it has a component start function")),
            Payload::CodeSectionEntry(body) => self.take_body(&body)?,
            Payload::UnknownSection { id, .. } => return Err(shape(format!("it has a section of unknown kind {id}"))),
            _ => {}
        }
        Ok(())
    }

    /// Counts the bytes of what is read whole: an item of a byte or two becomes many times as large in memory.
    fn measure(&mut self, payload: &Payload<'_>) -> Result<(), CompileError> {
        let counted = !matches!(
            payload,
            Payload::CodeSectionStart { .. }
                | Payload::CodeSectionEntry(_)
                | Payload::DataSection(_)
                | Payload::CustomSection(_)
                | Payload::ModuleSection { .. }
                | Payload::ComponentSection { .. }
        );
        if let Some((_, range)) = payload.as_section().filter(|_| counted) {
            self.declaration_bytes += range.end - range.start;
        }
        if self.declaration_bytes > DECLARATION_BYTES_MAX {
            return Err(shape(format!("its declarations take more than {DECLARATION_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    fn take_memory(&mut self, memory: &MemoryType) -> Result<(), CompileError> {
        self.memories += 1;
        if self.memories > MEMORIES_MAX {
            return Err(shape(format!("it has more than {MEMORIES_MAX} memories")));
        }
        let page = 1_u64.checked_shl(memory.page_size_log2.unwrap_or(PAGE_BYTES_LOG2)).unwrap_or(u64::MAX);
        if memory.initial.saturating_mul(page) > GUEST_MEMORY_BYTES_MAX as u64 {
            return Err(shape(format!("a memory begins with more than {GUEST_MEMORY_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    fn take_table(&mut self, table: &TableType) -> Result<(), CompileError> {
        self.tables += 1;
        if self.tables > TABLES_MAX {
            return Err(shape(format!("it has more than {TABLES_MAX} tables")));
        }
        if table.initial > TABLE_ELEMENTS_MAX as u64 {
            return Err(shape(format!("a table begins with more than {TABLE_ELEMENTS_MAX} elements")));
        }
        Ok(())
    }

    fn enter(&mut self, encoding: Encoding) -> Result<(), CompileError> {
        match encoding {
            Encoding::Module => {
                self.modules += 1;
                if self.open.len() > 1 {
                    return Err(shape("a nested component holds a core module"));
                }
                if self.modules > CORE_MODULES_MAX {
                    return Err(shape(format!("it has more than {CORE_MODULES_MAX} core modules")));
                }
            }
            Encoding::Component => {
                self.components += 1;
                if self.components > NESTED_COMPONENTS_MAX {
                    return Err(shape(format!("it has more than {NESTED_COMPONENTS_MAX} components")));
                }
            }
        }
        self.open.push(encoding);
        Ok(())
    }

    fn take_export(&mut self, name: &str, kind: ComponentExternalKind) -> Result<(), CompileError> {
        match contract::name(name) {
            Name::Ours(version, Part::Policy) if kind == ComponentExternalKind::Instance => {
                self.contract = Some(version);
            }
            Name::OtherVersion(found) => return Err(CompileError::WrongContract { found: found.to_owned() }),
            _ => {}
        }
        Ok(())
    }

    fn take_body(&mut self, body: &FunctionBody<'_>) -> Result<(), CompileError> {
        self.functions += 1;
        if self.functions > FUNCTIONS_MAX {
            return Err(shape(format!("it has more than {FUNCTIONS_MAX} functions")));
        }
        let number = self.functions;
        let range = body.range();
        let (max, remark) = (self.allowance.body_bytes_max(), self.allowance.remark());
        if range.end - range.start > max {
            return Err(shape(format!("function {number} has more than {max} bytes of code{remark}")));
        }
        let mut locals = 0_u64;
        for group in body.get_locals_reader().map_err(unreadable)? {
            locals += u64::from(group.map_err(unreadable)?.0);
        }
        if locals > LOCALS_MAX {
            return Err(shape(format!("function {number} has more than {LOCALS_MAX} locals")));
        }
        check_nesting(body, number, self.allowance)
    }
}

fn check_nesting(body: &FunctionBody<'_>, number: usize, allowance: Allowance) -> Result<(), CompileError> {
    let mut depth = 0_usize;
    for operator in body.get_operators_reader().map_err(unreadable)? {
        match operator.map_err(unreadable)? {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => depth += 1,
            // The last `end` closes the function itself.
            Operator::End => depth = depth.saturating_sub(1),
            _ => {}
        }
        let (max, remark) = (allowance.nesting_max(), allowance.remark());
        if depth > max {
            return Err(shape(format!("function {number} nests blocks deeper than {max}{remark}")));
        }
    }
    Ok(())
}

fn check_import(name: &str) -> Result<(), CompileError> {
    match contract::name(name) {
        Name::Ours(_, Part::Types) => Ok(()),
        Name::OtherVersion(found) => Err(CompileError::WrongContract { found: found.to_owned() }),
        Name::Foreign if wasi::is_given(name) => Ok(()),
        _ => Err(CompileError::ForeignImport { name: name.to_owned() }),
    }
}

fn check_canonical(function: &CanonicalFunction) -> Result<(), CompileError> {
    match function {
        CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
            for option in options.iter() {
                match option {
                    CanonicalOption::UTF8
                    | CanonicalOption::Memory(_)
                    | CanonicalOption::Realloc(_)
                    | CanonicalOption::PostReturn(_) => {}
                    CanonicalOption::UTF16 | CanonicalOption::CompactUTF16 => {
                        return Err(shape("its strings are encoded in something other than UTF-8"));
                    }
                    _ => return Err(shape("it lifts or lowers functions asynchronously")),
                }
            }
            Ok(())
        }
        CanonicalFunction::ResourceDrop { .. } => Ok(()),
        _ => Err(shape("it uses threads, streams, futures or resources of its own")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect(bytes: &[u8]) -> Result<ContractVersion, CompileError> {
        super::inspect(bytes, Allowance::Compiled)
    }

    fn refusal(text: &str) -> CompileError {
        inspect(&wat::parse_str(text).unwrap()).unwrap_err()
    }

    #[test]
    fn what_is_not_a_component_is_named() {
        assert_eq!(inspect(b"hello"), Err(CompileError::NotAComponent { found: "something other than WebAssembly" }));
        assert_eq!(inspect(b""), Err(CompileError::NotAComponent { found: "something other than WebAssembly" }));
        assert_eq!(refusal("(module)"), CompileError::NotAComponent { found: "a core module" });
        let mut cut = wat::parse_str("(component (core module))").unwrap();
        cut.pop();
        assert!(matches!(inspect(&cut), Err(CompileError::Unreadable { .. })));
    }

    #[test]
    fn size_comes_first() {
        let found = inspect(&vec![0; COMPONENT_BYTES_MAX + 1]);
        assert_eq!(found, Err(CompileError::TooLarge { bytes: COMPONENT_BYTES_MAX + 1, max: COMPONENT_BYTES_MAX }));
    }

    #[test]
    fn imports_are_an_allow_list() {
        let foreign = refusal(r#"(component (import "wasi:sockets/tcp@0.2.0" (instance)))"#);
        assert_eq!(foreign, CompileError::ForeignImport { name: "wasi:sockets/tcp@0.2.0".to_owned() });
        let foreign = refusal(r#"(component (import "wasi:io/poll@0.3.0" (instance)))"#);
        assert!(matches!(foreign, CompileError::ForeignImport { .. }));
        let foreign = refusal(r#"(component (import "f" (func)))"#);
        assert!(matches!(foreign, CompileError::ForeignImport { .. }));
        assert_eq!(refusal(r#"(component (import "wasi:io/poll@0.2.3" (instance)))"#), CompileError::NoContract);
    }

    #[test]
    fn another_contract_is_named() {
        let text = r#"(component (instance $i) (export "largesse:policy/policy@0.9.0" (instance $i)))"#;
        assert_eq!(refusal(text), CompileError::WrongContract { found: "0.9.0".to_owned() });
        assert_eq!(refusal("(component)"), CompileError::NoContract);
    }

    #[test]
    fn shapes_that_choke_a_compiler_are_refused() {
        let rule = |text: &str| match refusal(text) {
            CompileError::Shape { rule } => rule,
            other => panic!("{other:?}"),
        };
        let modules = "(core module)".repeat(9);
        assert!(rule(&format!("(component {modules})")).contains("8 core modules"));
        assert!(rule("(component (component (core module)))").contains("nested"));
        assert!(rule("(component (type (resource (rep i32))))").contains("resource"));
        let locals = "(local i32)".repeat(1_001);
        assert!(rule(&format!("(component (core module (func {locals})))")).contains("locals"));
        let (open, close) = ("block ".repeat(201), "end ".repeat(201));
        assert!(rule(&format!("(component (core module (func {open} {close})))")).contains("nests"));
        let memories = |count: usize| format!("(component {})", "(core module (memory 1))".repeat(count));
        assert_eq!(refusal(&memories(2)), CompileError::NoContract);
        assert!(rule(&memories(3)).contains("2 memories"));
        assert_eq!(refusal("(component (core module (memory 256)))"), CompileError::NoContract);
        assert!(rule("(component (core module (memory 257)))").contains("begins with more than 16777216 bytes"));
        let tables = |count: usize| format!("(component (core module {}))", "(table 1 funcref)".repeat(count));
        assert_eq!(refusal(&tables(8)), CompileError::NoContract);
        assert!(rule(&tables(9)).contains("8 tables"));
        assert_eq!(refusal("(component (core module (table 20000 funcref)))"), CompileError::NoContract);
        assert!(rule("(component (core module (table 20001 funcref)))").contains("20000 elements"));
        let types = |count: usize| format!("(component (core module {}))", "(type (func))".repeat(count));
        assert_eq!(refusal(&types(600_000)), CompileError::NoContract);
        assert!(rule(&types(800_000)).contains("declarations"));
        let functions = "(func)".repeat(20_001);
        assert!(rule(&format!("(component (core module {functions}))")).contains("20000 functions"));
        let body = "nop ".repeat(64 * 1024);
        assert!(rule(&format!("(component (core module (func {body})))")).contains("bytes of code"));
    }

    #[test]
    fn interpreters_are_large_where_they_are_taken() {
        let (open, close) = ("block ".repeat(1_000), "end ".repeat(1_000));
        let nested = |more: &str| format!("(component (core module (func {open} {more} {close})))");
        let long = |bytes: usize| format!("(component (core module (func {})))", "nop ".repeat(bytes));
        let taken = |text: &str| super::inspect(&wat::parse_str(text).unwrap(), Allowance::Interpreters).unwrap_err();
        for text in [nested(""), long(256 * 1024 - 2)] {
            assert_eq!(taken(&text), CompileError::NoContract, "the shape is taken");
            assert!(refusal(&text).to_string().contains("takes interpreters"));
        }
        let text = taken(&nested("block end")).to_string();
        assert!(text.ends_with("nests blocks deeper than 1000"), "{text}");
        assert!(taken(&long(256 * 1024)).to_string().ends_with("262144 bytes of code"));
    }
}
