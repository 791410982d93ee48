//! What the OpenAPI schema of a body asks for and serde does not tell at once, or lets pass.
//!
//! serde names only the first field that is missing, takes a list of values for a struct, and null for erased personal data.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Object, Schema, SchemaType, Type};

use super::field_path::Here;
use super::strict::Bad;

/// Schemas within schemas for one and the same value; a chain of references that is longer is a circle.
const MAX_HOPS: usize = 16;

/// Schemas by type: making one takes longer than reading a body.
static CONTRACTS: LazyLock<RwLock<HashMap<TypeId, Arc<Contract>>>> = LazyLock::new(RwLock::default);

struct Contract {
    root: RefOr<Schema>,
    named: HashMap<String, RefOr<Schema>>,
}

impl Contract {
    fn of<T: ToSchema + 'static>() -> Arc<Self> {
        let key = TypeId::of::<T>();
        // Entries are only ever added, so a panic elsewhere cannot have left the map in disorder.
        let known = CONTRACTS.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let mut named = Vec::new();
            T::schemas(&mut named);
            let made = Arc::new(Self { root: T::schema(), named: named.into_iter().collect() });
            CONTRACTS.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&made));
            made
        })
    }
}

/// All required fields that `value` lacks, however deep, all lists that stand where an object should, and all nulls where a text
/// should.
pub(super) fn breaches<T: ToSchema + 'static>(value: &Value) -> Vec<Bad> {
    let contract = Contract::of::<T>();
    let mut walk = Walk { named: &contract.named, bad: Vec::new() };
    walk.schema(&contract.root, value, &Here::Root, 0);
    walk.bad
}

struct Walk<'a> {
    named: &'a HashMap<String, RefOr<Schema>>,
    bad: Vec<Bad>,
}

impl Walk<'_> {
    fn schema(&mut self, schema: &RefOr<Schema>, value: &Value, here: &Here<'_>, hops: usize) {
        if hops > MAX_HOPS {
            return;
        }
        match schema {
            RefOr::Ref(reference) => {
                let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
                if let Some(schema) = self.named.get(name) {
                    self.schema(schema, value, here, hops + 1);
                }
            }
            RefOr::T(Schema::Object(object)) => self.object(object, value, here),
            RefOr::T(Schema::Array(array)) => {
                if let (Value::Array(elements), ArrayItems::RefOrSchema(items)) = (value, &array.items) {
                    for (index, element) in elements.iter().enumerate() {
                        self.schema(items, element, &Here::Index(here, index), 0);
                    }
                }
            }
            RefOr::T(Schema::AllOf(all)) => {
                for part in &all.items {
                    self.schema(part, value, here, hops + 1);
                }
            }
            RefOr::T(Schema::OneOf(one)) => self.only(&one.items, value, here, hops),
            RefOr::T(Schema::AnyOf(any)) => self.only(&any.items, value, here, hops),
            // New kinds of schemas may come, of which nothing is known.
            RefOr::T(_) => {}
        }
    }

    fn object(&mut self, object: &Object, value: &Value, here: &Here<'_>) {
        let fields = match value {
            Value::Object(fields) => fields,
            Value::Array(_) if object.schema_type == SchemaType::Type(Type::Object) => {
                return self.bad.push(Bad::new(here.path(), "type", "must be an object"));
            }
            // serde takes it for personal data that was erased, which nobody can send.
            Value::Null if object.schema_type == SchemaType::Type(Type::String) => {
                return self.bad.push(Bad::new(here.path(), "type", "must not be null"));
            }
            // serde refuses these by itself.
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return,
        };
        let absent = object.required.iter().filter(|name| !fields.contains_key(*name));
        self.bad.extend(absent.map(|name| Bad::missing(here.path().key(name))));
        for (name, value) in fields {
            if let Some(schema) = object.properties.get(name) {
                self.schema(schema, value, &Here::Key(here, name), 0);
            } else if let Some(AdditionalProperties::RefOr(schema)) = object.additional_properties.as_deref()
            {
                self.schema(schema, value, &Here::Key(here, name), 0);
            }
        }
    }

    /// Follows an alternative only if there is one beside null: else nobody knows which one was meant.
    fn only(&mut self, alternatives: &[RefOr<Schema>], value: &Value, here: &Here<'_>, hops: usize) {
        if value.is_null() && alternatives.iter().any(is_null) {
            return;
        }
        let mut others = alternatives.iter().filter(|schema| !is_null(schema));
        if let (Some(schema), None) = (others.next(), others.next()) {
            self.schema(schema, value, here, hops + 1);
        }
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
