"""Whether extended metadata fit their definition, and whether a definition is one. Pure functions."""

from typing import Any

from zhengshu_catalog.extensions.errors import DefinitionInvalid, ExtensionsInvalid

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def check_definition(definition: dict[str, Any]) -> None:
    """Refuse what is no JSON schema of an object, or refers to something outside itself."""
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415 - for those who define

    if definition.get("type") != "object":
        raise DefinitionInvalid("最外层的 type 须为 object")
    if definition.get("$schema", DIALECT) != DIALECT:
        raise DefinitionInvalid("只支持 JSON Schema 2020-12")
    if any(not target.startswith("#") for target in _references(definition)):
        raise DefinitionInvalid("不得引用文件以外的定义($ref 须以 # 开头)")
    try:
        Draft202012Validator.check_schema(definition)
    except SchemaError as error:
        raise DefinitionInvalid(f"{error.json_path} 不是合法的 JSON Schema") from error


def check_extensions(definition: dict[str, Any], extensions: dict[str, Any]) -> None:
    """Refuse extended metadata that do not fit, naming every place."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only where something is defined
    from referencing import Registry  # noqa: PLC0415 - likewise; an empty one fetches nothing

    validator = Draft202012Validator(definition, registry=Registry())
    found = sorted(validator.iter_errors(extensions), key=lambda error: error.json_path)
    if found:
        places = ["/".join(map(str, error.absolute_path)) for error in found]
        rules = [str(error.validator) for error in found]
        raise ExtensionsInvalid(list(zip(places, rules, strict=True)))


def _references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [
            schema[word] for word in ("$ref", "$dynamicRef") if isinstance(schema.get(word), str)
        ]
        return own + [target for value in schema.values() for target in _references(value)]
    if isinstance(schema, list):
        return [target for value in schema for target in _references(value)]
    return []
