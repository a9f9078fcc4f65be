//! Columns as CQL writes them.

use scylla::cluster::metadata::{CollectionType, ColumnType, NativeType};
use scylla::frame::response::result::ColumnSpec;

/// Name and type of a column of a result, or of a value of a prepared statement.
pub struct Column {
    pub name: String,
    pub type_name: String,
}

impl Column {
    pub fn of(spec: &ColumnSpec) -> Column {
        Column { name: spec.name().to_owned(), type_name: type_name(spec.typ()) }
    }
}

/// The type as it stands in a CREATE TABLE. `frozen` is missing: the protocol does not transmit it. A user's own type
/// is written out, with its fields' names in quotes: `udt<"street": text, "zip": int>`.
fn type_name(column_type: &ColumnType) -> String {
    match column_type {
        ColumnType::Native(native) => native_name(native).to_owned(),
        ColumnType::Collection { typ: CollectionType::List(item), .. } => format!("list<{}>", type_name(item)),
        ColumnType::Collection { typ: CollectionType::Set(item), .. } => format!("set<{}>", type_name(item)),
        ColumnType::Collection { typ: CollectionType::Map(key, value), .. } => {
            format!("map<{}, {}>", type_name(key), type_name(value))
        }
        ColumnType::Vector { typ, dimensions } => format!("vector<{}, {dimensions}>", type_name(typ)),
        ColumnType::Tuple(items) => format!("tuple<{}>", items.iter().map(type_name).collect::<Vec<_>>().join(", ")),
        ColumnType::UserDefinedType { definition, .. } => {
            let fields = definition.field_types.iter().map(|(name, typ)| field_of(name, typ));
            format!("udt<{}>", fields.collect::<Vec<_>>().join(", "))
        }
        _ => "unknown".to_owned(),
    }
}

fn field_of(name: &str, field_type: &ColumnType) -> String {
    format!("\"{}\": {}", name.replace('"', "\"\""), type_name(field_type))
}

fn native_name(native: &NativeType) -> &'static str {
    match native {
        NativeType::Ascii => "ascii",
        NativeType::Boolean => "boolean",
        NativeType::Blob => "blob",
        NativeType::Counter => "counter",
        NativeType::Date => "date",
        NativeType::Decimal => "decimal",
        NativeType::Double => "double",
        NativeType::Duration => "duration",
        NativeType::Float => "float",
        NativeType::Int => "int",
        NativeType::BigInt => "bigint",
        NativeType::Text => "text",
        NativeType::Timestamp => "timestamp",
        NativeType::Inet => "inet",
        NativeType::SmallInt => "smallint",
        NativeType::TinyInt => "tinyint",
        NativeType::Time => "time",
        NativeType::Timeuuid => "timeuuid",
        NativeType::Uuid => "uuid",
        NativeType::Varint => "varint",
        _ => "unknown",
    }
}
