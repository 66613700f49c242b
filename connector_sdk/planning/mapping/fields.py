"""The mapping of a sync to one object, checked against model and schema: what fills each field, in SQL."""

from __future__ import annotations

from attrs import define, evolve, field

from connector_sdk.contract.batch import Column, OnNull, Reference
from connector_sdk.contract.codes import Code
from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.plan import Effect
from connector_sdk.contract.project import FieldMapping, Find, Project, Sync
from connector_sdk.contract.schema import Field, FieldType, ObjectSchema, ReferenceKey
from connector_sdk.contract.spec import DestinationSpec, Mode
from connector_sdk.engines.models import Source
from connector_sdk.engines.sql import name, text
from connector_sdk.planning.mapping.blanks import blank_as_null
from connector_sdk.planning.mapping.columns import Place, model_column
from connector_sdk.planning.mapping.constants import RefusedError, constant
from connector_sdk.planning.mapping.conversions import Check, Conversion, convert, convert_key, sql_type
from connector_sdk.planning.mapping.field_options import find_misplaced_options
from connector_sdk.planning.mapping.fingerprints import fingerprint
from connector_sdk.planning.mapping.identity import canonical, former_text, inexact
from connector_sdk.planning.mapping.misfits import MisfitError
from connector_sdk.planning.mapping.missing_fields import describe_missing_field, suggest_find
from connector_sdk.planning.mapping.model import FieldBinding, Lookup, ResolvedMapping, as_searched, only_created
from connector_sdk.planning.mapping.references import Discover, resolve_lookup
from connector_sdk.project.checks import lookup_fields
from connector_sdk.settings.suggest import suggestion

_MATCH_FIELD = "match field"


def map_fields(
    project: Project, sync: Sync, schema: ObjectSchema, source: Source, spec: DestinationSpec, discover: Discover
) -> ResolvedMapping:
    """Check and return a mapping. Raises `ConfigError` with every problem, each with its place in the project."""
    mapper = _Mapper(project, sync, schema, source, spec, discover)
    mapped = mapper.resolve()
    if mapper.problems:
        raise ConfigError(mapper.problems)
    return mapped


@define
class _Mapper:
    """A mapper that works field by field and collects the problems."""

    project: Project
    sync: Sync
    schema: ObjectSchema
    source: Source
    spec: DestinationSpec
    discover: Discover
    problems: list[Problem] = field(factory=list)

    def resolve(self) -> ResolvedMapping:
        """Resolve the whole mapping, and collect its problems."""
        match = self._match()
        fillings = [found for each in self.sync.fields if (found := self._field(each, match))]
        if match and not any(each.field.name == match.field.name for each in fillings) and self._sends_match:
            fillings.insert(0, match)
        self._require_fields({each.field.name for each in fillings})
        columns = [column for each in self.sync.fields if (column := _column_of(each)) in self.source.columns]
        lasting = [each for each in self.sync.fields if not self._is_set_once(each)]
        compared = {column for each in lasting if (column := _column_of(each)) in self.source.columns}
        types = {each.name: each.type for each in self.schema.fields}
        prints = {each.field: self._fingerprint(each, types.get(each.field)) for each in lasting}
        distinct = tuple(dict.fromkeys(column for column in columns if column))
        ordered = {_column_of(each) for each in self.sync.fields if types.get(each.field) is not FieldType.CHOICES}
        return ResolvedMapping(
            tuple(fillings),
            distinct,
            tuple(each for each in distinct if each in compared),
            frozenset(distinct) - ordered,
            match,
            prints,
        )

    def _is_set_once(self, mapping: FieldMapping) -> bool:
        """Return whether a field can be set only on creation, so that a change is none for an existing record."""
        known = next((each for each in self.schema.fields if each.name == mapping.field), None)
        return self.sync.mode is Mode.UPSERT and known is not None and only_created(known)

    @property
    def _sends_match(self) -> bool:
        return self.sync.mode in (Mode.UPSERT, Mode.ALL)

    @property
    def _place(self) -> Place:
        return ("syncs", self.sync.name)

    def _match(self) -> FieldBinding | None:
        match = self.sync.match
        if match is None:
            return None
        place = (*self._place, "match", "field")
        known = self._find_field(match.field, place, _MATCH_FIELD)
        reason = known.not_matchable.get(self.sync.mode) if known else None
        if reason:
            self._problem(f"{match.field} cannot be matched on: {reason}", place, self._match_advice())
        if known is None or reason or match.column not in self.source.columns:
            return None
        place, unless = (*self._place, "match", "column"), f"effect <> '{Effect.CHANGED}' and "
        filled = self._bind_key(match.column, known, place, unless)
        return filled and evolve(filled, column=Column(known.name, OnNull.KEEP))

    def _match_advice(self) -> str:
        usable = [each for each in self.schema.fields if self.sync.mode not in each.not_matchable]
        usable.sort(key=lambda each: not each.recommended)
        listed = f"use one of: {', '.join(each.name for each in usable[:8])}" if usable else ""
        return "; ".join(part for part in (listed, self.schema.match_advice) if part)

    def _field(self, mapping: FieldMapping, matching: FieldBinding | None) -> FieldBinding | None:
        place: Place = (*self._place, "fields", mapping.field)
        known = self._find_field(mapping.field, place)
        if known is None:
            return None
        reason = known.not_writable.get(self.sync.mode)
        if reason:
            self._problem(f"{mapping.field} cannot be written: {reason}", place, "remove it from the fields")
            return None
        beside = [each.field for each in self.sync.fields if each.field in known.conflicts]
        if beside:
            listed, reason = ", ".join(beside), known.conflicts[beside[0]]
            self._problem(f"{mapping.field} cannot be written beside {listed}: {reason}", place, "remove it")
            return None
        match = self.sync.match
        for option, why in find_misplaced_options(mapping, known, is_match=self._is_match(known)):
            self._problem(why, (*place, option), f"remove {option}")
        if match and match.field == mapping.field and self._sends_match:
            if mapping.column != match.column:
                self._problem(f"{mapping.field} is the match field, and filled with another column", place, "remove it")
            return matching
        if mapping.find is not None:
            return self._bind_reference(mapping, mapping.find, known, place)
        return self._bind_value(mapping, known, place)

    def _find_field(self, field_name: str, place: Place, what: str = "field") -> Field | None:
        found = next((each for each in self.schema.fields if each.name == field_name), None)
        if found is None:
            usable = [each.name for each in self.schema.fields if self._is_usable(each, what)]
            hint = "" if field_name in self.schema.unavailable_fields else suggestion(field_name, usable)
            hint = ("" if what == _MATCH_FIELD else suggest_find(self.schema, field_name)) or hint
            self._problem(describe_missing_field(self.schema, field_name, what), place, hint)
        return found

    def _is_usable(self, known: Field, what: str) -> bool:
        """Return whether a field can be suggested in place of an unknown one."""
        return self.sync.mode not in (known.not_matchable if what == _MATCH_FIELD else known.not_writable)

    def _is_match(self, known: Field) -> bool:
        return self.sync.match is not None and self.sync.match.field == known.name

    def _bind_value(self, mapping: FieldMapping, known: Field, place: Place) -> FieldBinding | None:
        """Return a field that a column or a constant fills."""
        converted = self._convert_value(mapping, known, place)
        if converted is None:
            return None
        own = mapping.column is not None and converted.value == name(model_column(mapping.column))
        stored = model_column(mapping.column) if own and mapping.column else f"sent.{known.name}"
        on_null = self._on_null(mapping, known)
        checks = (*converted.checks, *self._check_null(known, converted.value, on_null))
        return FieldBinding(known, Column(known.name, on_null), stored, None if own else converted.value, checks)

    def _convert_value(self, mapping: FieldMapping, known: Field, place: Place) -> Conversion | None:
        try:
            if mapping.column is None:
                return constant(mapping.value, known, rounds=mapping.round)
            if mapping.column not in self.source.columns:
                return None
            source, type_ = name(model_column(mapping.column)), self.source.columns[mapping.column]
            if self._is_match(known):
                return convert_key(source, type_, known, truncate=mapping.truncate)
            return convert(source, type_, known, truncate=mapping.truncate, rounds=mapping.round)
        except RefusedError as error:
            self._problem(str(error), (*place, "value"), "correct the constant")
        except MisfitError as error:
            assert mapping.column is not None  # a constant that misfits is refused
            self._problem(str(error), place, error.advice(mapping.column))
        return None

    def _on_null(self, mapping: FieldMapping, known: Field) -> OnNull:
        """Return what a null does: KEEP in mode insert, and in a replaced list for optional fields that cannot be
        null.
        """
        always = self.sync.mode is Mode.ALL and not known.nullable and not known.required
        return OnNull.KEEP if always or self.sync.mode is Mode.INSERT else mapping.null

    def _check_null(self, known: Field, value: str, on_null: OnNull) -> tuple[Check, ...]:
        """Return the check that a null does not empty a field which must have a value."""
        must = known.required if self.sync.mode is Mode.INSERT else known.required or not known.nullable
        if not must or (on_null is OnNull.KEEP and self.sync.mode is not Mode.INSERT):
            return ()
        which = ": true or false" if known.type is FieldType.BOOLEAN else ""
        return (Check(f"{value} is null", Code.REQUIRED, text(f"{known.name} must have a value{which}")),)

    def _bind_key(
        self, column: str, known: Field, place: Place, where: str = "", *, is_reference: bool = False
    ) -> FieldBinding | None:
        """Return a field that keys fill: as their canonical text if the field holds text. A blank reference is null.

        `where` (SQL, followed by an `and`) selects the rows in which keys that are not exact are refused.
        """
        given, type_ = name(model_column(column)), self.source.columns[column]
        former = former_text(given, type_) if sql_type(known) == "varchar" else None
        source = canonical(given, type_) if former else given
        source = blank_as_null(source) if is_reference and type_ == "VARCHAR" else source
        try:
            converted = convert_key(source, "VARCHAR" if former else type_, known)
        except MisfitError as error:
            self._problem(str(error), place, error.advice(column))
            return None
        own = converted.value == given
        checks = (*_exact(known, given, type_, where), *converted.checks) if former else converted.checks
        stored = model_column(column) if own else f"sent.{known.name}"
        return FieldBinding(known, Column(known.name), stored, None if own else converted.value, checks, former=former)

    def _bind_reference(self, mapping: FieldMapping, find: Find, known: Field, place: Place) -> FieldBinding | None:
        """Return a field that the id of another record fills; the destination finds it by itself if it can.

        Else it is looked up. So it is if earlier versions spelled the key differently, because a search can try both
        spellings, or if a search finds more than the destination would, such as keys in other case.
        """
        try:
            (where, *_) = lookup_fields(self.project, self.sync, find)
            lookup = resolve_lookup(find, where, known, self.discover, place)
        except ConfigError as error:
            self.problems += error.problems
            return None
        if find.equals not in self.source.columns:
            return None
        keyed = self._bind_key(find.equals, lookup.field, (*place, "equals"), is_reference=True)
        if keyed is None:
            return None
        by = _key_for_destination(known, lookup) if keyed.former is None else None
        on_null = self._on_null(mapping, known)
        value = name(model_column(find.equals)) if keyed.value is None else keyed.value
        own = by is not None and keyed.value is None
        return evolve(
            keyed,
            field=known,
            column=Column(known.name, on_null, by),
            stored=model_column(find.equals) if own else f"sent.{known.name}",
            value=None if own else value,
            checks=(*keyed.checks, *self._check_null(known, value, on_null)),
            lookup=None if by else evolve(lookup, field=as_searched(lookup.field)),
        )

    def _fingerprint(self, mapping: FieldMapping, type_: FieldType | None) -> str:
        find = mapping.find
        return fingerprint(mapping, lookup_fields(self.project, self.sync, find) if find else (), type_)

    def _require_fields(self, mapped: set[str]) -> None:
        """Report the required fields that are missing from records to create."""
        missing = [each.name for each in self.schema.fields if each.required and each.name not in mapped]
        if missing and self.sync.mode is Mode.INSERT:
            self._problem(
                f"{self.schema.name} needs a value in {', '.join(missing)}", (*self._place, "fields"), "map it"
            )

    def _problem(self, message: str, place: Place, hint: str) -> None:
        self.problems.append(Problem(message, place, hint))


def _key_for_destination(known: Field, lookup: Lookup) -> Reference | None:
    """Return the key by which the destination itself finds the record of a reference; None if it is looked up."""
    field_name = lookup.field.name
    if lookup.target is None or ReferenceKey(lookup.target, field_name) not in known.reference_keys:
        return None
    return Reference(lookup.target, field_name) if as_searched(lookup.field) == lookup.field else None


def _exact(known: Field, source: str, type_: str, where: str) -> tuple[Check, ...]:
    """Return the check that refuses floating-point keys that are not exact."""
    wrong = inexact(source, type_)
    message = f"{text(known.name + ' cannot be ')} || cast({source} as varchar) || ': it is not a whole exact number'"
    return (Check(f"{where}{wrong}", Code.INEXACT_KEY, message),) if wrong else ()


def _column_of(mapping: FieldMapping) -> str | None:
    return mapping.find.equals if mapping.find else mapping.column
