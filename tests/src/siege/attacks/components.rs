//! Components that are large, and small ones that become large in a compiler.

use anyhow::Result;

use super::super::client::Request;
use super::super::field::Field;

fn publish(field: &Field<'_>, component: Vec<u8>) -> Request {
    Request::post("/v1/policies", field.token("admin"), "application/wasm", component)
}

/// Bodies at and beyond the bound on components.
pub(super) fn large(field: &Field<'_>) -> Result<()> {
    let header = b"\0asm\x0d\0\x01\0";
    let sized = |bytes: usize| [&header[..], &vec![0; bytes - header.len()]].concat();
    field.flood(4, |attacker, number| match (attacker + number) % 3 {
        0 => publish(field, sized(16 << 20)),
        1 => publish(field, sized((16 << 20) + 1)),
        _ => publish(field, sized(24 << 20)),
    });
    Ok(())
}

/// A component of one core module, as text.
fn around(module: &str) -> String {
    format!("(component (core module {module}))")
}

/// Small components that ask much of whoever reads or compiles them.
fn texts() -> Vec<String> {
    let nested = around(&format!("(func {} {})", "(block ".repeat(190), ")".repeat(190)));
    let locals = format!("(func (local {}))", "i64 ".repeat(900));
    let functions = around(&locals.repeat(2_000));
    let table = around(&format!("(func (param i32) (block (br_table {} (local.get 0))))", "0 ".repeat(200_000)));
    let sums = around(&format!(
        "(func (param i64) (result i64) (local.get 0) {})",
        "(i64.mul (local.get 0)) ".repeat(150_000)
    ));
    let memory = around("(memory 65536) (table 10000000 funcref)");
    // Each type holds the one before it twice.
    let doubled = |levels: usize| -> String {
        let each = (1..levels).map(|level| format!("(type $t{level} (tuple $t{} $t{}))", level - 1, level - 1));
        each.collect()
    };
    let types = format!("(component (type $t0 (tuple u8 u8)) {})", doubled(40));
    let wide = doubled(18);
    let base = "(type $t0 (tuple u8 u8))";
    let imported = format!("(component {base} {wide} (import \"f\" (func (param \"x\" $t17))))");
    let exported = format!("(component {base} {wide} (export \"t\" (type $t17)))");
    let contract = format!(
        "(component {base} {wide} (import \"largesse:policy/policy@0.1.0\" (instance (export \"f\" (func (param \"x\" $t17))))))"
    );
    let instances = format!("(component (core module $m) {})", "(core instance (instantiate $m))".repeat(5_000));
    let nests = format!("{}{}", "(component ".repeat(500), ")".repeat(500));
    vec![nested, functions, table, sums, memory, types, imported, exported, contract, instances, nests]
}

/// Publishes them.
pub(super) fn bombs(field: &Field<'_>) -> Result<()> {
    let components: Vec<Vec<u8>> = texts().iter().filter_map(|text| wat::parse_str(text).ok()).collect();
    anyhow::ensure!(components.len() >= 6, "only {} of the components are built", components.len());
    field.flood(4, |attacker, number| publish(field, components[(attacker + number) % components.len()].clone()));
    Ok(())
}
