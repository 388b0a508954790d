"""Datasets: what is put in, left out, merged and chosen, one variable of each."""

import xarray as xr

from inputs import Skip
from table import Case, row


def several(draw):
    """Arrays that fit into one dataset, as texts and values by name."""
    view = draw.view()
    return {name: view(*draw.source("biufcM")) for name in "pqr"[: draw.integer(2, 3)]}


def record(arrays):
    return "{" + ", ".join(f"{name}: {text}" for name, (text, _) in arrays.items()) + "}"


@row("assign drop_vars select_vars")
def changed(draw, name):
    arrays = several(draw)
    which = draw.pick(arrays)
    text, value = arrays[which]
    if name == "assign":
        old = {n: a for n, a in arrays.items() if n != which or draw.chance(0.5)}
        if which in old:  # Put in the place of what is there.
            old[which] = draw.pick([a for n, a in arrays.items() if n != which])
        seen = draw.pick(old)
        new = f"{which}: {text}"
        member, expected = (which, value) if seen == which or draw.chance(0.6) else (seen, old[seen][1])
        return Case(f"assign({record(old)}, {new}).{member}", expected)
    others = [n for n in arrays if n != which]
    if name == "select_vars":
        names = draw.subset([which, *draw.subset(others, 0)], 1)
        names = names if which in names else [*names, which]
        listed = ", ".join(f'"{n}"' for n in names)
        call = draw.pick([f"select_vars({record(arrays)}, {', '.join(names)})", f"({record(arrays)})[[{listed}]]"])
        return Case(f"{call}.{which}", value)
    gone = draw.subset(others, 0)
    if draw.chance(0.4) or not gone:
        dim = draw.pick(value.dims)
        gone, value = [*gone, dim], value.drop_vars(dim)
    return Case(f"drop_vars({record(arrays)}, {', '.join(gone)}).{which}", value)


@row("drop_vars select_vars")
def of_a_source(draw, name):
    which = draw.pick([n for n in draw.inputs.arrays if not n.endswith("time") and not n.startswith("datetime")])
    others = [n for n in draw.subset(draw.inputs.arrays)[:3] if n != which] or ["f32_time"]
    if which in others:
        raise Skip
    names = others if name == "drop_vars" else [*others, which]
    return Case(f"{name}(d, {', '.join(names)}).{which}", draw.inputs.arrays[which])


@row("merge")
def merged(draw, _name):
    if draw.chance(0.4):
        arrays = several(draw)
        names = list(arrays)
        cut = draw.integer(1, len(names) - 1)
        parts = [{n: arrays[n] for n in names[:cut]}, {n: arrays[n] for n in names[cut:]}]
        option = ""
        if draw.chance(0.4):
            # What is the same is told by the expression being one, not by its text: a variable of a source.
            alike = "(" not in arrays[names[0]][0] and draw.chance(0.5)
            parts[1][names[0]] = arrays[names[0]] if alike else draw.pick([arrays[n] for n in names[1:]])
            option = "" if parts[1][names[0]] is arrays[names[0]] else ", compat: override"
        which = draw.pick(names)
        written = [record(p) for p in parts]
        call = f"merge([{', '.join(written)}]{option})" if draw.chance(0.3) else f"merge({', '.join(written)}{option})"
        return Case(f"{call}.{which}", arrays[which][1])
    text, value = draw.source("f")
    dim = draw.pick(value.dims)
    size = value.sizes[dim]
    cuts = [sorted([draw.integer(0, size), draw.integer(0, size)]) for _ in range(2)]
    join = draw.pick(["inner", "outer", "left", "right"])
    if any(a == b for a, b in cuts) or join == "inner" and dim == "x":
        raise Skip
    parts = [value.isel({dim: slice(*cut)}) for cut in cuts]
    texts = [f"{{{n}: isel({text}, {dim}: {a}..<{b})}}" for n, (a, b) in zip("pq", cuts)]
    which = draw.pick([0, 1])
    return Case(f"merge({', '.join(texts)}, join: {join}).{'pq'[which]}", xr.align(*parts, join=join)[which])
