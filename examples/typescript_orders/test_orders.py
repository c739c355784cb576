"""Orders as the shop places them, on Duet's embedded AWS: `npx cdk synth && pytest`."""


def place(duet, *lines):
    order = {"orderId": "o-1", "currency": "EUR", "lines": list(lines)}
    duet.bus("Bus").publish(source="shop", detail_type="OrderPlaced", detail=order)


def test_an_order_is_priced_and_accepted(duet):
    place(duet, {"sku": "chair", "quantity": 4}, {"sku": "lamp", "quantity": 1})
    duet.queue("Accepted").expect({"orderId": "o-1", "total": {"euros": 515}})


def test_an_expensive_order_is_approved_by_a_person(duet):
    place(duet, {"sku": "desk", "quantity": 2})
    duet.queue("ApprovalDesk").expect({"orderId": "o-1", "total": 1400})


def test_an_order_for_an_unknown_product_goes_to_support(duet):
    place(duet, {"sku": "unicorn", "quantity": 1})
    duet.queue("Support").expect({"detail-type": "OrderRejected"})
    duet.dead_letters.expect_empty()
