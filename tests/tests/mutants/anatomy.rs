//! Where in a component its own core module lies, and the same component with another in its place.

use std::ops::Range;

/// What a component begins with: magic number, version, layer.
const HEADER_BYTES: usize = 8;
/// The section that holds a core module.
const CORE_MODULE: u8 = 1;

/// A component that is well formed, cut open.
pub(crate) struct Anatomy<'a> {
    component: &'a [u8],
    /// The section of the largest module, its id and size included.
    section: Range<usize>,
    /// The module within it.
    module: Range<usize>,
}

impl<'a> Anatomy<'a> {
    /// # Panics
    /// When the bytes are no component with a core module.
    pub(crate) fn of(component: &'a [u8]) -> Self {
        let mut modules = Vec::new();
        let mut at = HEADER_BYTES;
        while let Some(id) = component.get(at) {
            let (size, size_bytes) = read_leb(&component[at + 1..]);
            let content = at + 1 + size_bytes..at + 1 + size_bytes + size;
            if *id == CORE_MODULE {
                modules.push((at..content.end, content.clone()));
            }
            at = content.end;
        }
        let largest = modules.into_iter().max_by_key(|(section, _)| section.len());
        let (section, module) = largest.expect("a component of a tool chain has a core module");
        Self { component, section, module }
    }

    /// The policy's own module: the largest, beside which a tool chain puts small ones of its own.
    pub(crate) fn module(&self) -> &'a [u8] {
        &self.component[self.module.clone()]
    }

    /// The component with this module in the place of its own.
    pub(crate) fn with_module(&self, module: &[u8]) -> Vec<u8> {
        let (before, after) = (&self.component[..self.section.start], &self.component[self.section.end..]);
        [before, &[CORE_MODULE], &leb(module.len()), module, after].concat()
    }
}

fn read_leb(bytes: &[u8]) -> (usize, usize) {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (value, index + 1);
        }
    }
    panic!("a number without an end");
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[test]
fn a_module_put_back_makes_the_same_component() {
    use crate::court::Case;

    for Case { name, component, .. } in [Case::check_in(), Case::guest("remembers")] {
        let anatomy = Anatomy::of(&component);
        assert!(anatomy.module().starts_with(b"\0asm\x01\0\0\0"), "{name} has a module");
        assert!(anatomy.with_module(anatomy.module()) == component, "{name} is as it was");
    }
}
