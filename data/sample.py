def draw_sample(*, seed=0):
    raise NotImplementedError
