from flatline.facts import LayerFacts, ModelFacts
from flatline.graph import LayerGraph
from tests.checks import make


def plain(name: str, kind: str = "Dropout", **given: object) -> LayerFacts:
    return make.layer(name, kind=kind, kernel_shape=(), **given)


def names(layers: tuple[LayerFacts, ...]) -> list[str]:
    return [layer.name for layer in layers]


def inescapable(model: ModelFacts) -> list[str]:
    graph = LayerGraph.of(model)
    return [layer.name for layer in model.layers if graph.is_inescapable(layer)]


def test_walks_stop_at_the_first_layer_that_is_refused():
    model = make.model(make.layer("a"), plain("drop"), make.layer("b"), make.layer("c"))
    graph = LayerGraph.of(model)
    assert names(graph.below(model.layers[0], lambda layer: layer.kind == "Dropout")) == ["drop", "b"]
    assert names(graph.below(model.layers[0])) == ["drop", "b", "c"]
    assert names(graph.above(model.layers[2], lambda layer: layer.kind == "Dropout")) == ["drop", "a"]


def test_a_chain_has_no_way_around():
    assert inescapable(make.model(make.layer("a"), make.layer("b"), make.layer("c"))) == ["a", "b"]


def test_a_shortcut_is_a_way_around():
    add = plain("sum", "Add", inputs=("a", "b"))
    assert inescapable(make.model(make.layer("a"), make.layer("b"), add, make.layer("c"))) == ["a", "sum"]


def test_a_head_of_its_own_is_judged_for_that_head():
    first = make.layer("first", inputs=("a",), is_output=True)
    model = make.model(make.layer("a"), make.layer("b", inputs=("a",)), first, make.layer("last", inputs=("b",)))
    assert inescapable(model) == ["a", "b"]


def test_a_tensor_that_nobody_made_may_be_a_way_around():
    assert inescapable(make.model(make.layer("a"), make.layer("b", inputs=("?",)), make.layer("c"))) == ["b"]
    product = plain("product", "Multiply", inputs=("b",))  # its other factor is not a layer's
    assert inescapable(make.model(make.layer("a"), make.layer("b"), product, make.layer("c"))) == ["product"]


def test_layers_whose_output_is_not_known_to_be_the_model_s_are_not_judged():
    loose = make.model(make.layer("a"), make.layer("b"))
    layers = tuple(
        make.layer(one.name, inputs=one.inputs, reads_model_input=one.reads_model_input) for one in loose.layers
    )
    assert inescapable(make.model(layers=layers)) == []


def test_a_cycle_of_a_shared_layer_ends():
    again = make.layer("again", inputs=("a", "again"))
    model = make.model(make.layer("a"), again, make.layer("c", inputs=("again",)))
    assert names(LayerGraph.of(model).below(model.layers[0])) == ["again", "c"]
