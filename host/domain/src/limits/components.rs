//! What components and manifests may be.

limits! {
    /// Largest component, in bytes.
    pub const COMPONENT_BYTES_MAX: usize = 16 * 1024 * 1024
        => Admin, "413 `too-large`",
        ["http/src/policies.rs", "engine/src/inspect.rs", "engine/src/child.rs", "service/src/components.rs"];
    /// Core modules of one component.
    pub const CORE_MODULES_MAX: usize = 8
        => Admin, "422 `component-shape`", ["engine/src/inspect.rs"];
    /// Components within one component.
    pub const NESTED_COMPONENTS_MAX: usize = 64
        => Admin, "422 `component-shape`", ["engine/src/inspect.rs"];
    /// Functions of all core modules of one component.
    pub const FUNCTIONS_MAX: usize = 20_000
        => Admin, "422 `component-shape`", ["engine/src/inspect.rs"];
    /// Locals of one function.
    pub const LOCALS_MAX: u64 = 1_000
        => Admin, "422 `component-shape`", ["engine/src/inspect.rs"];
    /// Core modules that one component may instantiate.
    pub const CORE_INSTANCES_MAX: u32 = 16
        => Admin, "422 `unfit-component`", ["engine/src/profile.rs", "engine/src/sandbox.rs"];
    /// Linear memories of one component.
    pub const MEMORIES_MAX: u32 = 2
        => Admin, "422 `unfit-component`", ["engine/src/profile.rs", "engine/src/sandbox.rs"];
    /// Tables of one component.
    pub const TABLES_MAX: u32 = 8
        => Admin, "422 `unfit-component`", ["engine/src/profile.rs", "engine/src/sandbox.rs"];
    /// Elements of one table.
    pub const TABLE_ELEMENTS_MAX: usize = 20_000
        => Admin, "422 `unfit-component`; in a decision fault `memory`",
        ["engine/src/profile.rs", "engine/src/sandbox.rs"];
    /// Address space of the process that compiles a component, in bytes.
    pub const ADDRESS_SPACE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024
        => Admin, "422 `compile-memory`", ["engine/src/child.rs"];
    /// Largest compiled code taken from the compiler, in bytes.
    pub const ARTEFACT_BYTES_MAX: usize = 128 * 1024 * 1024
        => Admin, "422 `compile-memory`", ["engine/src/compile.rs", "engine/src/cache.rs"];
    /// Most of the compiler's standard error that is kept, in bytes.
    pub const STDERR_BYTES_MAX: usize = 4 * 1024
        => Admin, "the rest of the message is dropped", ["engine/src/compile.rs"];
    /// Wall time of a call that decides nothing (`describe`, `check`, `migrate`, `quote`, `merge`), in milliseconds.
    pub const CONTROL_MS_MAX: u64 = 1_000
        => Admin, "422 `describe-fault`; of `check` and `quote` 422 `invalid-document` or 502 `policy-fault`",
        ["engine/src/runtime.rs"];
    /// Largest JSON Schema (of an event kind, of parameters, of a question), in bytes of JSON.
    pub const PARAMS_SCHEMA_BYTES_MAX: usize = 256 * 1024
        => Admin, "422 `invalid-manifest` with a pointer; of a kind 422 `invalid-document`",
        ["engine/src/declared.rs", "service/src/schema/mod.rs"];
    /// Longest summary of a policy, in bytes.
    pub const SUMMARY_BYTES_MAX: usize = 256
        => Admin, "422 `invalid-manifest` with a pointer", ["engine/src/declared.rs"];
    /// Most versions of state that a policy may read.
    pub const STATE_VERSIONS_MAX: usize = 64
        => Admin, "422 `invalid-manifest` with a pointer", ["engine/src/declared.rs"];
    /// Most questions in a manifest.
    pub const QUESTIONS_MAX: usize = 16
        => Admin, "422 `invalid-manifest` with a pointer", ["engine/src/declared.rs"];
    /// Most roles in a manifest.
    pub const ROLES_MAX: usize = 16
        => Admin, "422 `invalid-manifest` with a pointer", ["engine/src/declared.rs"];
    /// Most subscriptions in a manifest.
    pub const SUBSCRIPTIONS_MAX: usize = 64
        => Admin, "422 `invalid-manifest` with a pointer", ["engine/src/declared.rs"];
    /// Most units of which a role may ask for balances.
    pub const ROLE_BALANCES_MAX: usize = 32
        => Admin, "422 `invalid-manifest` with a pointer", ["engine/src/declared.rs"];
    /// Most subschemas of a schema.
    pub const SCHEMA_PARTS_MAX: usize = 4_096
        => Admin, "422 `invalid-document` with a pointer into the schema; of a policy 422 `invalid-manifest`", ["service/src/schema/graph.rs"];
    /// Most subschemas that are compiled for one schema.
    pub const SCHEMA_COMPILED_PARTS_MAX: usize = 32_768
        => Admin, "422 `invalid-document` with a pointer into the schema; of a policy 422 `invalid-manifest`", ["service/src/schema/cost.rs"];
    /// Most different subschemas that a schema refers to.
    pub const SCHEMA_REFERENCES_MAX: usize = 256
        => Admin, "422 `invalid-document` with a pointer into the schema; of a policy 422 `invalid-manifest`", ["service/src/schema/graph.rs"];
    /// Longest chain of references and combined schemas that apply to one value.
    pub const SCHEMA_IN_PLACE_DEPTH_MAX: usize = 32
        => Admin, "422 `invalid-document` with a pointer into the schema; of a policy 422 `invalid-manifest`", ["service/src/schema/cost.rs"];
    /// Longest JSON pointer to a subschema, in bytes.
    pub const SCHEMA_POINTER_BYTES_MAX: usize = 512
        => Admin, "422 `invalid-document` with a pointer into the schema; of a policy 422 `invalid-manifest`", ["service/src/schema/graph.rs"];
    /// Most steps of validating a value, for each byte of its JSON.
    pub const SCHEMA_STEPS_PER_BYTE_MAX: u64 = 8_000
        => Admin, "422 `invalid-document` with a pointer into the schema; of a policy 422 `invalid-manifest`", ["service/src/schema/cost.rs"];
    /// Longest pattern in a schema, in bytes.
    pub const PATTERN_BYTES_MAX: usize = 4 * 1024
        => Admin, "422 `invalid-document` with a pointer into the schema; of a policy 422 `invalid-manifest`", ["service/src/schema/pattern.rs"];
    /// Most states that a pattern compiles to.
    pub const PATTERN_STATES_MAX: usize = 4_096
        => Admin, "422 `invalid-document` with a pointer into the schema; of a policy 422 `invalid-manifest`", ["service/src/schema/pattern.rs"];
    /// Most states that all patterns of a schema compile to.
    pub const SCHEMA_PATTERN_STATES_MAX: usize = 16_384
        => Admin, "422 `invalid-document` with a pointer into the schema; of a policy 422 `invalid-manifest`", ["service/src/schema/pattern.rs"];
    /// Types, imports, exports and instances of all that is within a component, in bytes of the component.
    pub const DECLARATION_BYTES_MAX: u64 = 2 * 1024 * 1024
        => Admin, "422 `component-shape`", ["engine/src/inspect.rs"];
    /// Largest schemas of all event kinds together, in bytes of JSON.
    pub const KINDS_BYTES_MAX: usize = 8 * 1024 * 1024
        => Admin, "422 `invalid-document`", ["service/src/kinds.rs"];
    /// Most event kinds.
    pub const KINDS_MAX: usize = 1_024
        => Admin, "422 `invalid-document`", ["service/src/kinds.rs"];
    /// Most subschemas of all event kinds together, as they are compiled.
    pub const KINDS_SIZE_MAX: usize = 131_072
        => Admin, "422 `invalid-document`", ["service/src/kinds.rs"];
    /// Most annotations (`x-largesse-...`) of one event kind.
    pub const KIND_ANNOTATIONS_MAX: usize = 128
        => Admin, "422 `invalid-document` with a pointer into the schema", ["service/src/kinds.rs"];
    /// Most schemas of questions that are kept compiled.
    pub const QUESTION_SCHEMAS_MAX: usize = 256
        => Admin, "a schema is compiled again when it is needed", ["service/src/questions.rs"];
    /// Most components that wait to be compiled, which happens one at a time.
    pub const PUBLICATIONS_WAITING_MAX: usize = 16
        => Admin, "503 `busy`", ["service/src/lib.rs"];
}
