"""Solves a Solomon instance with PyVRP or VROOM (both from PyPI), for comparison in `routing-bench`.

    python beside.py pyvrp|vroom FILE SECONDS

Prints the distance of the plan in the unit of the instance, or nothing if a customer is not served.
"""

import datetime
import math
import sys

# Both engines use integers: thousandths of the unit.
SCALE = 1000


def read(path):
    with open(path) as file:
        lines = [line.split() for line in file if line.split()]
    numbers = [[int(float(word)) for word in line] for line in lines if all(part.lstrip("-").replace(".", "", 1).isdigit() for part in line)]
    (vehicles, capacity), rows = numbers[0], [row for row in numbers[1:] if len(row) == 7]
    return vehicles, capacity, rows


def between(one, other):
    return math.hypot(one[1] - other[1], one[2] - other[2])


def pyvrp(vehicles, capacity, rows, seconds):
    from pyvrp import Model
    from pyvrp.stop import MaxRuntime

    model = Model()
    places = [model.add_location(x=row[1] * SCALE, y=row[2] * SCALE) for row in rows]
    depot = rows[0]
    span = {"tw_early": depot[4] * SCALE, "tw_late": depot[5] * SCALE}
    home = model.add_depot(places[0], **span)
    for place, row in zip(places[1:], rows[1:]):
        model.add_client(place, delivery=row[3], service_duration=row[6] * SCALE, tw_early=row[4] * SCALE, tw_late=row[5] * SCALE)
    model.add_vehicle_type(num_available=vehicles, capacity=capacity, start_depot=home, end_depot=home, **span)
    for from_, one in zip(places, rows):
        for to, other in zip(places, rows):
            length = math.ceil(between(one, other) * SCALE)
            model.add_edge(from_, to, distance=length, duration=length)
    result = model.solve(stop=MaxRuntime(seconds), seed=1, display=False)
    if not result.is_feasible():
        return None
    return [[stop.idx + 1 for stop in route if stop.is_client()] for route in result.best.routes()]


def vroom(vehicles, capacity, rows, seconds):
    import numpy
    import vroom as engine

    problem = engine.Input()
    matrix = numpy.array([[math.ceil(between(one, other) * SCALE) for other in rows] for one in rows], dtype=numpy.uint32)
    problem.set_durations_matrix(profile="car", matrix_input=matrix)
    depot = rows[0]
    window = engine.TimeWindow(depot[4] * SCALE, depot[5] * SCALE)
    for number in range(vehicles):
        problem.add_vehicle(engine.Vehicle(number + 1, start=0, end=0, capacity=[capacity], time_window=window))
    for index, row in enumerate(rows[1:], start=1):
        windows = [engine.TimeWindow(row[4] * SCALE, row[5] * SCALE)]
        problem.add_job(engine.Job(index, location=index, default_service=row[6] * SCALE, delivery=[row[3]], time_windows=windows))
    solution = problem.solve(exploration_level=5, nb_threads=1, timeout=datetime.timedelta(seconds=seconds))
    if solution.to_dict()["unassigned"]:
        return None
    routes = solution.to_dict()["routes"]
    return [[step["id"] for step in route["steps"] if step["type"] == "job"] for route in routes]


def main():
    tool, path, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    vehicles, capacity, rows = read(path)
    routes = {"pyvrp": pyvrp, "vroom": vroom}[tool](vehicles, capacity, rows, seconds)
    if routes is None:
        return
    stops = [[rows[0]] + [rows[index] for index in route] + [rows[0]] for route in routes]
    print(sum(between(one, other) for way in stops for one, other in zip(way, way[1:])))


main()
