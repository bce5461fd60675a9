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
    pub const ARTEFACT_BYTES_MAX: usize = 512 * 1024 * 1024
        => Admin, "422 `compiler-refused`", ["engine/src/compile.rs"];
    /// Most of the compiler's standard error that is kept, in bytes.
    pub const STDERR_BYTES_MAX: usize = 4 * 1024
        => Admin, "the rest of the message is dropped", ["engine/src/compile.rs"];
    /// Wall time of a call that decides nothing (`describe`, `check`, `migrate`, `quote`, `merge`), in milliseconds.
    pub const CONTROL_MS_MAX: u64 = 1_000
        => Admin, "422 `describe-fault`; of `check` and `quote` 422 `invalid-document` or 502 `policy-fault`",
        ["engine/src/runtime.rs"];
    /// Largest manifest schema, in bytes of JSON.
    pub const PARAMS_SCHEMA_BYTES_MAX: usize = 256 * 1024
        => Admin, "422 `invalid-manifest` with a pointer; of a kind 422 `invalid-document`",
        ["engine/src/declared.rs", "service/src/kinds.rs"];
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
}
