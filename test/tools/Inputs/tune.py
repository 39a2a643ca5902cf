# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes caches of weft build --tune from a measured one: tune.py FOLDER.

`forced.json` has choices that the counts would not make, for each product; the others have damage
of one kind each."""
import copy
import json
import sys

folder = sys.argv[1]
with open(f"{folder}/net.tune.json") as file:
    measured = json.load(file)


def write(name, value):
    with open(f"{folder}/{name}.json", "w") as out:
        json.dump(value, out, indent=2)


def changed(name, change):
    value = copy.deepcopy(measured)
    change(value)
    write(name, value)


def each_product(value):
    return [p for setting in value["settings"] for p in setting["products"].items()]


def force(value):
    for key, product in each_product(value):
        product["choice"] = {"panel": 1, "rows": 3, "chunk": 3}
        if key.startswith("conv"):
            product["choice"]["winograd"] = 2


def choose(choice):
    def change(value):
        each_product(value)[0][1]["choice"] = choice

    return change


def forget(value):
    for setting in value["settings"]:
        setting["products"] = {k: p for k, p in setting["products"].items() if k.startswith("conv")}


changed("forced", force)
changed("partial", forget)
changed("field", choose({"panels": 2}))
changed("range", choose({"panel": 9}))
changed("type", choose({"panel": "wide"}))
changed("no_tried", lambda value: each_product(value)[0][1].pop("tried"))
changed("no_threads", lambda value: value["settings"][0].pop("threads"))
changed("no_products", lambda value: value["settings"][0].pop("products"))
changed("format", lambda value: value.update(weft_tune=2))
changed("no_format", lambda value: value.pop("weft_tune"))
changed("no_settings", lambda value: value.pop("settings"))
changed("older", lambda value: value["settings"][0].update(weft="0.0"))
changed("cpu", lambda value: value["settings"][0].update(cpu="another"))
changed("threads", lambda v: v["settings"].append(v["settings"][0] | {"threads": 77}))
write("empty", [])
write("deep", [[[[[[[[[[[[]]]]]]]]]]]])
with open(f"{folder}/net.tune.json") as file, open(f"{folder}/cut.json", "w") as out:
    out.writelines(file.readlines()[:6])
