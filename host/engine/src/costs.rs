//! What each operator costs in fuel.
//!
//! Most cost one unit, as wasmtime counts. Operators that take many times as long cost as many times as much, so that fuel
//! bounds a decision before its wall time does: fuel is the same on every machine, wall time is not. The test below measures
//! the ratios, with the operands that take longest: processors are slowest with floating-point numbers that are almost zero.

use wasmtime::{OperatorCost, VariableOperatorCost};

/// A division or a remainder of integers: 64-bit division takes tens of cycles.
const INTEGER_DIVISION: u8 = 12;
/// A division of floating-point numbers, and a square root: microcode where an operand is almost zero.
const FLOAT_DIVISION: u8 = 255;
/// Rounding to a whole number: a call where the processor has no instruction for it.
const ROUNDING: u8 = 30;
/// A product of floating-point numbers: microcode where it is almost zero.
const FLOAT_PRODUCT: u8 = 200;
/// Other arithmetic of floating-point numbers: the result is made canonical.
const FLOAT_ARITHMETIC: u8 = 20;
/// A conversion between floating-point numbers and integers, with the checks around it.
const CONVERSION: u8 = 10;
/// A call through a table: the bound, the null and the type are checked.
const INDIRECT_CALL: u8 = 6;
/// A call that leaves the guest for a moment, to copy or fill memory or a table.
const BULK: u8 = 40;
/// Growing a memory or a table: a call of the system.
const GROWTH: u8 = 255;

/// The costs of the profile that all policies are compiled with.
pub(crate) fn of_operators() -> OperatorCost {
    let mut cost = OperatorCost::new();
    for division in [
        &mut cost.I32DivS,
        &mut cost.I32DivU,
        &mut cost.I32RemS,
        &mut cost.I32RemU,
        &mut cost.I64DivS,
        &mut cost.I64DivU,
        &mut cost.I64RemS,
        &mut cost.I64RemU,
    ] {
        *division = INTEGER_DIVISION;
    }
    for division in [&mut cost.F32Div, &mut cost.F64Div, &mut cost.F32Sqrt, &mut cost.F64Sqrt] {
        *division = FLOAT_DIVISION;
    }
    float_costs(&mut cost);
    for call in [&mut cost.CallIndirect, &mut cost.CallRef] {
        *call = INDIRECT_CALL;
    }
    for bulk in [
        &mut cost.MemoryCopy,
        &mut cost.MemoryFill,
        &mut cost.MemoryInit,
        &mut cost.TableCopy,
        &mut cost.TableFill,
        &mut cost.TableInit,
        &mut cost.DataDrop,
        &mut cost.ElemDrop,
    ] {
        *bulk = BULK;
    }
    for growth in [&mut cost.MemoryGrow, &mut cost.TableGrow] {
        *growth = GROWTH;
    }
    cost.variable = VariableOperatorCost { memory_grow_per_page: GROWTH, ..VariableOperatorCost::new() };
    cost
}

fn float_costs(cost: &mut OperatorCost) {
    for rounding in [
        &mut cost.F32Ceil,
        &mut cost.F32Floor,
        &mut cost.F32Trunc,
        &mut cost.F32Nearest,
        &mut cost.F64Ceil,
        &mut cost.F64Floor,
        &mut cost.F64Trunc,
        &mut cost.F64Nearest,
    ] {
        *rounding = ROUNDING;
    }
    for arithmetic in [
        &mut cost.F32Add,
        &mut cost.F32Sub,
        &mut cost.F32Min,
        &mut cost.F32Max,
        &mut cost.F64Add,
        &mut cost.F64Sub,
        &mut cost.F64Min,
        &mut cost.F64Max,
    ] {
        *arithmetic = FLOAT_ARITHMETIC;
    }
    for product in [&mut cost.F32Mul, &mut cost.F64Mul] {
        *product = FLOAT_PRODUCT;
    }
    for conversion in [
        &mut cost.I32TruncF32S,
        &mut cost.I32TruncF32U,
        &mut cost.I32TruncF64S,
        &mut cost.I32TruncF64U,
        &mut cost.I64TruncF32S,
        &mut cost.I64TruncF32U,
        &mut cost.I64TruncF64S,
        &mut cost.I64TruncF64U,
        &mut cost.I32TruncSatF32S,
        &mut cost.I32TruncSatF32U,
        &mut cost.I32TruncSatF64S,
        &mut cost.I32TruncSatF64U,
        &mut cost.I64TruncSatF32S,
        &mut cost.I64TruncSatF32U,
        &mut cost.I64TruncSatF64S,
        &mut cost.I64TruncSatF64U,
        &mut cost.F32ConvertI64U,
        &mut cost.F64ConvertI64U,
        &mut cost.F32DemoteF64,
        &mut cost.F64PromoteF32,
    ] {
        *conversion = CONVERSION;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use wasmtime::{Instance, Module, Store};

    use crate::profile;

    /// How many times as long as a unit of fuel of an addition a unit may take, with room for a machine that does other work.
    const RATIO_MAX: f64 = 16.0;
    /// Operators, each with its type and what it works on, over and over.
    const OPERATORS: &[(&str, &str, &str, &str)] = &[
        ("i32.div_s", "i32", "2147483647", "(i32.or (i32.div_s (local.get $x) (local.get $y)) (i32.const 0x7ffffff0))"),
        ("i32.rem_u", "i32", "2147483647", "(i32.or (i32.rem_u (local.get $x) (local.get $y)) (i32.const 0x7ffffff0))"),
        ("i64.div_u", "i64", "-3", "(i64.or (i64.div_u (local.get $x) (local.get $y)) (i64.const 0x7ffffffffffffff0))"),
        ("i64.rem_s", "i64", "-3", "(i64.or (i64.rem_s (local.get $x) (local.get $y)) (i64.const 0x7ffffffffffffff0))"),
        ("f64.div", "f64", "1e-310", "(f64.div (local.get $x) (local.get $y))"),
        ("f32.div", "f32", "1e-40", "(f32.div (local.get $x) (local.get $y))"),
        ("f64.sqrt", "f64", "1e9", "(f64.add (f64.sqrt (local.get $x)) (local.get $y))"),
        ("f64.mul", "f64", "1e-310", "(f64.mul (local.get $x) (local.get $y))"),
        ("f64.add", "f64", "1e-310", "(f64.add (local.get $x) (local.get $y))"),
        ("f64.max", "f64", "1e-310", "(f64.max (local.get $x) (local.get $y))"),
        ("f64.floor", "f64", "1e9", "(f64.floor (local.get $x))"),
        ("f64.nearest", "f64", "1e9", "(f64.nearest (local.get $x))"),
        ("i64.trunc", "f64", "1e9", "(f64.convert_i64_u (i64.trunc_sat_f64_u (local.get $x)))"),
        ("i64.popcnt", "i64", "77", "(i64.add (i64.popcnt (local.get $x)) (local.get $y))"),
    ];

    /// Nanoseconds of a unit of fuel that the operator takes, in the best of many runs: others use the machine too.
    fn nanoseconds_of_fuel((name, kind, first, operator): (&str, &str, &str, &str)) -> f64 {
        let second = if kind.starts_with('f') { "1.0" } else { "3" };
        let body = format!("(local.set $x {operator})").repeat(64);
        let text = format!(
            "(module (func (export \"run\") (param $turns i32) (result {kind}) (local $x {kind}) (local $y {kind})
                (local.set $x ({kind}.const {first})) (local.set $y ({kind}.const {second}))
                (loop $again {body}
                    (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
                (local.get $x)))"
        );
        let engine = profile::running().unwrap();
        let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        let mut best = f64::MAX;
        for _ in 0..40 {
            let mut store = Store::new(&engine, ());
            store.set_fuel(1_000_000_000).unwrap();
            store.set_epoch_deadline(1_000_000);
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let run = instance.get_func(&mut store, "run").unwrap();
            let mut result = [wasmtime::Val::I32(0)];
            let started = Instant::now();
            run.call(&mut store, &[wasmtime::Val::I32(200)], &mut result).unwrap();
            let took = started.elapsed().as_secs_f64() * 1e9;
            let used = 1_000_000_000 - store.get_fuel().unwrap();
            assert!(used > 200 * 64, "{name} used {used}");
            best = best.min(took / f64::from(u32::try_from(used).unwrap()));
        }
        best
    }

    #[test]
    fn no_operator_takes_much_longer_than_its_fuel() {
        let addition = ("i64.add", "i64", "77", "(i64.add (local.get $x) (local.get $y))");
        let unit = nanoseconds_of_fuel(addition);
        for operator in OPERATORS {
            let ratio = nanoseconds_of_fuel(*operator) / unit;
            println!("{}: {ratio:.1}", operator.0);
            assert!(
                ratio <= RATIO_MAX,
                "a unit of fuel of {} takes {ratio:.1} times as long as of i64.add",
                operator.0
            );
        }
    }
}
