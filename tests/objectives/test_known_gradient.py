import torch

from vidense.objectives.known_gradient import known_gradient


def test_value_and_gradients_are_what_was_given():
    one, two = torch.randn(3, requires_grad=True), torch.randn(2, 2, requires_grad=True)
    first, second = torch.arange(3.0), torch.ones(2, 2)
    loss = known_gradient(torch.tensor(7.0), [one, two], [first, second])
    assert loss.item() == 7.0
    loss.backward()
    assert torch.equal(one.grad, first) and torch.equal(two.grad, second)


def test_gradients_pass_on_through_the_inputs_own_graph_and_scale_with_the_loss():
    leaf = torch.ones(3, requires_grad=True)
    loss = known_gradient(torch.tensor(1.0), [leaf * 2], [torch.arange(3.0)])
    (loss * 5).backward()
    assert torch.equal(leaf.grad, torch.tensor([0.0, 10.0, 20.0]))


def test_the_graph_of_the_value_is_left_alone():
    weight, leaf = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    known_gradient((weight * 3).sum(), [leaf], [torch.ones(3)]).backward()
    assert weight.grad is None and leaf.grad is not None
