//! Makes of what the derive macros describe what is answered, in the forms that generators of clients take.

use largesse_domain::limits::{DELIVERY_BATCH_MAX, DELIVERY_CONCURRENCY_MAX, DELIVERY_RATE_MAX};
use serde_json::{Map, Value, json};

const SCHEMAS: &str = "#/components/schemas/";

/// Puts the whole description into shape.
pub(super) fn shape(description: &mut Value) {
    merge(description);
    name_variants(description);
    say_times(description);
    say_forms(description);
    describe_bodies(description);
    describe_headers(description);
}

/// Calls something with every object within a value, the inner ones first.
fn each(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|value| each(value, change));
            change(object);
        }
        Value::Array(values) => values.iter_mut().for_each(|value| each(value, change)),
        _ => {}
    }
}

/// Makes one schema of a flattened struct and the members beside it. Each alone may rule out what the other has.
fn merge(description: &mut Value) {
    let named = description["components"]["schemas"].clone();
    each(description, &mut |object| {
        let Some(Value::Array(parts)) = object.remove("allOf") else { return };
        for (key, value) in parts.into_iter().flat_map(|part| flat(part, &named)) {
            add(object, key, value);
        }
    });
    let Some(schemas) = description["components"]["schemas"].as_object_mut() else { return };
    for (_, view) in schemas.iter_mut().filter(|(name, _)| name.ends_with("View")) {
        // A later host may answer more.
        view.as_object_mut().and_then(|view| view.remove("additionalProperties"));
    }
}

/// What a part says, with what the parts that it is made of say.
fn flat(part: Value, named: &Value) -> Map<String, Value> {
    let name = part["$ref"].as_str().and_then(|text| text.strip_prefix(SCHEMAS));
    if let Some(name) = name {
        return flat(named[name].clone(), named);
    }
    let Value::Object(mut object) = part else { return Map::new() };
    if let Some(Value::Array(parts)) = object.remove("allOf") {
        for (key, value) in parts.into_iter().flat_map(|part| flat(part, named)) {
            add(&mut object, key, value);
        }
    }
    object
}

/// Adds what one part says of an object to what others say.
fn add(object: &mut Map<String, Value>, key: String, value: Value) {
    let Some(known) = object.get_mut(&key) else {
        object.insert(key, value);
        return;
    };
    match (known, value) {
        (Value::Object(all), Value::Object(more)) if key == "properties" => all.extend(more),
        (Value::Array(all), Value::Array(more)) if key == "required" => all.extend(more),
        _ => {}
    }
}

/// Gives the variants of enums names of their own, and says by which member they are told apart.
fn name_variants(description: &mut Value) {
    let Some(schemas) = description["components"]["schemas"].as_object_mut() else { return };
    let mut named = Map::new();
    for (parent, schema) in schemas.iter_mut() {
        let tag = tag(schema);
        let mut mapping = Map::new();
        let Some(variants) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else { continue };
        for variant in variants.iter_mut() {
            let Some((word, tagged)) = word(variant, tag.as_deref()) else { continue };
            let name = format!("{parent}{}", pascal(&word));
            let reference = format!("{SCHEMAS}{name}");
            let shown = json!({"$ref": reference});
            named.insert(name, std::mem::replace(variant, shown));
            if tagged {
                mapping.insert(word, json!(reference));
            }
        }
        if let Some(tag) = tag {
            schema["discriminator"] = json!({"propertyName": tag, "mapping": mapping});
        }
    }
    schemas.extend(named);
}

/// The member that has another single word in each variant.
fn tag(schema: &Value) -> Option<String> {
    let variants = schema["oneOf"].as_array()?;
    let first = variants.first()?["properties"].as_object()?;
    let single = |variant: &Value, name: &str| variant["properties"][name]["enum"].as_array().map(Vec::len) == Some(1);
    first.keys().find(|name| variants.iter().all(|variant| single(variant, name))).cloned()
}

/// What an inline object among variants is called, and whether a tag says so.
fn word(variant: &Value, tag: Option<&str>) -> Option<(String, bool)> {
    let properties = variant["properties"].as_object()?;
    match tag {
        Some(tag) => Some((properties[tag]["enum"][0].as_str()?.to_owned(), true)),
        None => Some((properties.keys().next()?.clone(), false)),
    }
}

fn pascal(word: &str) -> String {
    let parts = word.split(['_', '-', '.']).map(|part| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    parts.collect()
}

/// Members that are times, and no names of others.
const TIMES: [&str; 16] = [
    "at",
    "changed_at",
    "closes",
    "due",
    "effective_from",
    "made_at",
    "not_before",
    "occurred",
    "opened",
    "opens",
    "published_at",
    "removed_at",
    "reserve_until",
    "settles",
    "since",
    "until",
];

/// Says which texts are times.
fn say_times(description: &mut Value) {
    each(description, &mut |object| {
        let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else { return };
        for (name, schema) in properties {
            let is_text = match &schema["type"] {
                Value::Array(types) => types.contains(&json!("string")),
                one => one == "string",
            };
            let told = schema["description"].as_str().is_some_and(|text| text.contains("RFC 3339"));
            if is_text && (told || TIMES.contains(&name.as_str())) {
                schema["format"] = json!("date-time");
            }
        }
    });
}

/// Texts that people and things are known by, with the forms that these have.
const FORMS: [(&str, &str); 9] = [
    ("campaign", SLUG),
    ("customer", PRINTABLE),
    ("destination", SLUG),
    ("inviter", PRINTABLE),
    ("kind", "^[a-z0-9._-]{1,64}$"),
    ("pocket", SLUG),
    ("programme", SLUG),
    ("segment", SLUG),
    ("subject", PRINTABLE),
];
const SLUG: &str = "^[a-z0-9-]{1,64}$";
const PRINTABLE: &str = "^[!-~]{1,128}$";

/// Says which forms texts have: in paths and queries, and where a document names a customer.
fn say_forms(description: &mut Value) {
    let form = |name: &str| FORMS.iter().find(|(known, _)| *known == name).map(|(_, form)| json!(form));
    each(&mut description["paths"], &mut |parameter| {
        let name = parameter.get("in").and(parameter.get("name")).and_then(Value::as_str);
        let Some(form) = name.and_then(form) else { return };
        if let Some(schema) = parameter.get_mut("schema").filter(|schema| schema["type"] == "string") {
            schema["pattern"] = form;
        }
    });
    let Some(schemas) = description["components"]["schemas"].as_object_mut() else { return };
    let event = &mut schemas["EventDocument"];
    for (name, form) in [
        ("id", PRINTABLE),
        ("source", "^[!-~]{1,256}$"),
        ("type", "^[a-z0-9._-]{1,64}$"),
        ("subject", PRINTABLE),
        ("specversion", r"^1\.0$"),
    ] {
        event["properties"][name]["pattern"] = json!(form);
    }
    event["examples"] = json!([{
        "specversion": "1.0", "id": "order-1", "source": "/shop", "type": "order.paid", "subject": "u1",
        "time": "2026-03-10T19:59:00+08:00", "data": {"order": "o1", "amount": {"minor": 9900, "currency": "CNY"}},
    }]);
    let destination = &mut schemas["DestinationDocument"];
    destination["examples"] = json!([{
        "url": "https://bank.example/largesse", "topics": ["grant.*"], "settles": true, "concurrency": 40,
        "headers": {"authorization": "Bearer abc"},
    }]);
    for (name, max) in [
        ("concurrency", u32::from(DELIVERY_CONCURRENCY_MAX)),
        ("rate", DELIVERY_RATE_MAX),
        ("batch", u32::from(DELIVERY_BATCH_MAX)),
    ] {
        destination["properties"][name]["minimum"] = json!(1);
        destination["properties"][name]["maximum"] = json!(max);
    }
}

/// What the macros do not say of bodies: what a component is, that some may be left out, how an event comes in binary mode.
fn describe_bodies(description: &mut Value) {
    let wasm = json!({"type": "string", "format": "binary", "contentMediaType": "application/wasm"});
    let path = &mut description["paths"]["/v1/policies"]["post"];
    path["requestBody"]["content"]["application/wasm"] = json!({"schema": wasm});
    path["requestBody"]["required"] = json!(true);
    each(&mut description["paths"], &mut |operation| {
        let Some(body) = operation.get_mut("requestBody") else { return };
        let Some(schema) = body.pointer_mut("/content/application~1json/schema") else { return };
        // Absent is not `null`.
        if let Some([document, null]) = schema["oneOf"].as_array().map(Vec::as_slice)
            && null["type"] == "null"
        {
            *schema = document.clone();
            body["required"] = json!(false);
        }
    });
    for path in ["/v1/events", "/v1/dry-run"] {
        let operation = &mut description["paths"][path]["post"];
        let parameters = ATTRIBUTES.iter().map(|(name, meaning)| {
            json!({"name": format!("ce-{name}"), "in": "header", "required": false, "schema": {"type": "string"},
                "description": format!("In binary mode: {meaning}")})
        });
        let mut all = operation["parameters"].as_array().cloned().unwrap_or_default();
        all.extend(parameters);
        operation["parameters"] = Value::Array(all);
    }
}

/// The attributes of an event in binary mode.
const ATTRIBUTES: [(&str, &str); 6] = [
    ("specversion", "`1.0`, which tells the mode"),
    ("id", "the event's identifier in its source, percent-encoded"),
    ("source", "the system that it comes from, percent-encoded"),
    ("type", "the event's kind"),
    ("subject", "the customer who acted, percent-encoded"),
    ("time", "when it happened, in RFC 3339 with an offset"),
];

/// Says which headers answers have.
fn describe_headers(description: &mut Value) {
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    let etag = text("The campaign's version, for `If-Match`");
    let location = text("Where it is shown");
    let retry = json!({"description": "In how many seconds to try again", "schema": {"type": "integer", "minimum": 0}});
    let challenge = text("How to say who asks");
    each(&mut description["paths"], &mut |operation| {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
        for (status, response) in responses {
            let schema = response["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
            let headers: &[(&str, &Value)] = match (status.as_str(), schema.trim_start_matches(SCHEMAS)) {
                ("401", _) => &[("WWW-Authenticate", &challenge)],
                ("429" | "default", _) => &[("Retry-After", &retry)],
                ("200" | "201", "CampaignView" | "ActivationAnswer") => &[("ETag", &etag)],
                ("200" | "201", "PolicyView") | ("202", "JobView") => &[("Location", &location)],
                _ => &[],
            };
            for (name, header) in headers {
                response["headers"][*name] = (*header).clone();
            }
        }
    });
}
