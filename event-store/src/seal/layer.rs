//! A serializer in front of another, which seals what serde calls personal and hands on everything else.

use std::fmt::Display;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::mark::Sealer;
use super::{PERSONAL, SEALED};

/// A value that is sealed where it is personal.
pub(super) struct Marked<'a, T: ?Sized> {
    pub(super) value: &'a T,
    pub(super) sealer: &'a Sealer<'a>,
}

impl<T: Serialize + ?Sized> Serialize for Marked<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Layer { inner: serializer, sealer: self.sealer })
    }
}

/// A serializer that seals before it hands on.
struct Layer<'a, S> {
    inner: S,
    sealer: &'a Sealer<'a>,
}

/// The parts of a list, a map or a struct.
struct Parts<'a, C> {
    inner: C,
    sealer: &'a Sealer<'a>,
    /// Where the path ends above it.
    above: usize,
    index: usize,
    key: String,
}

impl<'a, S: Serializer> Layer<'a, S> {
    fn parts<C>(
        self,
        variant: Option<&str>,
        begin: impl FnOnce(S) -> Result<C, S::Error>,
    ) -> Result<Parts<'a, C>, S::Error> {
        let above = self.sealer.depth();
        if let Some(variant) = variant {
            self.sealer.down(variant);
        }
        Ok(Parts { inner: begin(self.inner)?, sealer: self.sealer, above, index: 0, key: String::new() })
    }
}

impl<C> Parts<'_, C> {
    fn within<R>(&mut self, step: impl Display, write: impl FnOnce(&mut C, &Sealer<'_>) -> R) -> R {
        let before = self.sealer.down(step);
        let written = write(&mut self.inner, self.sealer);
        self.sealer.back(before);
        written
    }

    fn next<R>(&mut self, write: impl FnOnce(&mut C, &Sealer<'_>) -> R) -> R {
        self.index += 1;
        self.within(self.index - 1, write)
    }

    fn close(self) -> C {
        self.sealer.back(self.above);
        self.inner
    }
}

impl<'a, S: Serializer> Serializer for Layer<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Parts<'a, S::SerializeSeq>;
    type SerializeTuple = Parts<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Parts<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Parts<'a, S::SerializeTupleVariant>;
    type SerializeMap = Parts<'a, S::SerializeMap>;
    type SerializeStruct = Parts<'a, S::SerializeStruct>;
    type SerializeStructVariant = Parts<'a, S::SerializeStructVariant>;

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        if name != PERSONAL {
            return self.inner.serialize_newtype_struct(name, &Marked { value, sealer: self.sealer });
        }
        match self.sealer.seal_value(value).map_err(S::Error::custom)? {
            Some(sealed) => {
                let mut object = self.inner.serialize_struct(PERSONAL, 1)?;
                object.serialize_field(SEALED, &sealed)?;
                object.end()
            }
            None => self.inner.serialize_none(),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let before = self.sealer.down(variant);
        let value = Marked { value, sealer: self.sealer };
        let written = self.inner.serialize_newtype_variant(name, index, variant, &value);
        self.sealer.back(before);
        written
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Marked { value, sealer: self.sealer })
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.parts(None, |inner| inner.serialize_seq(len))
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.parts(None, |inner| inner.serialize_tuple(len))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.parts(None, |inner| inner.serialize_tuple_struct(name, len))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.parts(Some(variant), |inner| inner.serialize_tuple_variant(name, index, variant, len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.parts(None, |inner| inner.serialize_map(len))
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        self.parts(None, |inner| inner.serialize_struct(name, len))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.parts(Some(variant), |inner| inner.serialize_struct_variant(name, index, variant, len))
    }

    fn serialize_bool(self, value: bool) -> Result<S::Ok, S::Error> {
        self.inner.serialize_bool(value)
    }

    fn serialize_i8(self, value: i8) -> Result<S::Ok, S::Error> {
        self.inner.serialize_i8(value)
    }

    fn serialize_i16(self, value: i16) -> Result<S::Ok, S::Error> {
        self.inner.serialize_i16(value)
    }

    fn serialize_i32(self, value: i32) -> Result<S::Ok, S::Error> {
        self.inner.serialize_i32(value)
    }

    fn serialize_i64(self, value: i64) -> Result<S::Ok, S::Error> {
        self.inner.serialize_i64(value)
    }

    fn serialize_u8(self, value: u8) -> Result<S::Ok, S::Error> {
        self.inner.serialize_u8(value)
    }

    fn serialize_u16(self, value: u16) -> Result<S::Ok, S::Error> {
        self.inner.serialize_u16(value)
    }

    fn serialize_u32(self, value: u32) -> Result<S::Ok, S::Error> {
        self.inner.serialize_u32(value)
    }

    fn serialize_u64(self, value: u64) -> Result<S::Ok, S::Error> {
        self.inner.serialize_u64(value)
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        self.inner.serialize_f32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.inner.serialize_f64(value)
    }

    fn serialize_char(self, value: char) -> Result<S::Ok, S::Error> {
        self.inner.serialize_char(value)
    }

    fn serialize_str(self, value: &str) -> Result<S::Ok, S::Error> {
        self.inner.serialize_str(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<S::Ok, S::Error> {
        self.inner.serialize_bytes(value)
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_struct(name)
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

impl<C: SerializeSeq> SerializeSeq for Parts<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.next(|inner, sealer| inner.serialize_element(&Marked { value, sealer }))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.close().end()
    }
}

impl<C: SerializeTuple> SerializeTuple for Parts<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.next(|inner, sealer| inner.serialize_element(&Marked { value, sealer }))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.close().end()
    }
}

impl<C: SerializeTupleStruct> SerializeTupleStruct for Parts<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.next(|inner, sealer| inner.serialize_field(&Marked { value, sealer }))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.close().end()
    }
}

impl<C: SerializeTupleVariant> SerializeTupleVariant for Parts<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.next(|inner, sealer| inner.serialize_field(&Marked { value, sealer }))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.close().end()
    }
}

impl<C: SerializeMap> SerializeMap for Parts<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        let written = serde_json::to_value(key).map_err(C::Error::custom)?;
        self.key = written.as_str().map_or_else(|| written.to_string(), str::to_owned);
        self.inner.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        let key = std::mem::take(&mut self.key);
        self.within(key, |inner, sealer| inner.serialize_value(&Marked { value, sealer }))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.close().end()
    }
}

impl<C: SerializeStruct> SerializeStruct for Parts<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), C::Error> {
        self.within(name, |inner, sealer| inner.serialize_field(name, &Marked { value, sealer }))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.close().end()
    }
}

impl<C: SerializeStructVariant> SerializeStructVariant for Parts<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), C::Error> {
        self.within(name, |inner, sealer| inner.serialize_field(name, &Marked { value, sealer }))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.close().end()
    }
}
