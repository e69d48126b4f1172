"""What the JSON answers say: one schema an answer, for the description of the interface."""

from marshmallow import Schema, fields, validate

from app.sampling import MAX_SEED


class BadParameter(Schema):
    """What is wrong with one parameter."""

    parameter = fields.String(required=True)
    detail = fields.String(required=True)


class Problem(Schema):
    """An error, as RFC 9457 has it."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "One sentence: what is wrong, and what is allowed."})
    request_id = fields.String(required=True, allow_none=True)
    errors = fields.List(fields.Nested(BadParameter), metadata={"description": "One for each bad parameter."})


class Digit(Schema):
    """One generated digit."""

    index = fields.Integer(required=True, metadata={"description": "Its place among those drawn, from 0."})
    digit = fields.Integer(required=True, allow_none=True, metadata={"description": "None of a model without labels."})
    realness = fields.Float(
        required=True,
        validate=validate.Range(0, 1),
        metadata={"description": "Share of real digits that the discriminator finds less real."},
    )
    png = fields.String(required=True, metadata={"description": "The picture as a data URI."})


class Digits(Schema):
    """What was drawn, each digit by itself."""

    model = fields.String(required=True)
    seed = fields.Integer(required=True, validate=validate.Range(0, MAX_SEED), metadata={"format": "int64"})
    digits = fields.List(fields.Nested(Digit), required=True)


class Opinion(Schema):
    """What a discriminator makes of a picture."""

    model = fields.String(required=True)
    digit = fields.Integer(required=True, allow_none=True)
    realness = fields.Float(required=True, validate=validate.Range(0, 1))
    probability = fields.Float(
        validate=validate.Range(0, 1), metadata={"description": "D(x), of the models whose loss gives it a meaning."}
    )
    png = fields.String(required=True, metadata={"description": "The digit as it was judged, 28×28, as a data URI."})


class ModelSummary(Schema):
    """A model in the list."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    conditional = fields.Boolean(required=True, metadata={"description": "Whether it can be asked for a digit."})
    classes = fields.Integer(required=True)
    latent_dim = fields.Integer(required=True)
    url = fields.String(required=True, metadata={"description": "Of its card."})


class ModelList(Schema):
    """The models on offer."""

    default = fields.String(required=True)
    models = fields.List(fields.Nested(ModelSummary), required=True)


class History(Schema):
    """How a training went: one list a column, one place in each for every row."""

    step = fields.List(fields.Integer(), required=True)
    images_seen = fields.List(fields.Integer(), required=True)
    discriminator_loss = fields.List(fields.Float(), required=True)
    generator_loss = fields.List(fields.Float(), required=True)
    real_logit = fields.List(fields.Float(), required=True, metadata={"description": "Mean score of real digits."})
    generated_logit = fields.List(fields.Float(), required=True, metadata={"description": "And of generated ones."})
    images_per_second = fields.List(fields.Float(), required=True)


class Health(Schema):
    """Whether the server can serve."""

    status = fields.String(required=True)
    models = fields.List(fields.String())
