#include "solver/family.h"

#include "solver/family_impl.h"

#include <math.h>
#include <stddef.h>
#include <strings.h>

static const struct {
  const char *name, *display;
} names[WD_FAMILIES] = {
    [WD_FLATVEL_A] = {"flatvel-a", "FlatVel-A"},
    [WD_FLATVEL_B] = {"flatvel-b", "FlatVel-B"},
    [WD_CURVEVEL_A] = {"curvevel-a", "CurveVel-A"},
    [WD_CURVEVEL_B] = {"curvevel-b", "CurveVel-B"},
    [WD_FLATFAULT_A] = {"flatfault-a", "FlatFault-A"},
    [WD_FLATFAULT_B] = {"flatfault-b", "FlatFault-B"},
    [WD_CURVEFAULT_A] = {"curvefault-a", "CurveFault-A"},
    [WD_CURVEFAULT_B] = {"curvefault-b", "CurveFault-B"},
    [WD_STYLE_A] = {"style-a", "Style-A"},
    [WD_STYLE_B] = {"style-b", "Style-B"},
};

const char *wd_family_name(wd_family family) {
  return (unsigned)family < WD_FAMILIES ? names[family].name : NULL;
}

const char *wd_family_display_name(wd_family family) {
  return (unsigned)family < WD_FAMILIES ? names[family].display : NULL;
}

bool wd_family_parse(const char *text, wd_family *out) {
  for (int f = 0; text && f < WD_FAMILIES; f++)
    if (strcasecmp(text, names[f].name) == 0) {
      *out = (wd_family)f;
      return true;
    }
  return false;
}

/* Streams of the generator are shared by the whole program; the top byte tells velocity maps from the rest.
 */
static uint64_t map_stream(wd_family family, uint64_t index) {
  return UINT64_C(0x76) << 56 | (uint64_t)family << WD_FAMILY_INDEX_BITS | index;
}

static wd_status draw(wd_family family, wd_random *r, wd_map *map, wd_error *err) {
  switch (family) {
  case WD_FLATVEL_A: return wd_family_layers(r, false, true, map, err);
  case WD_FLATVEL_B: return wd_family_layers(r, false, false, map, err);
  case WD_CURVEVEL_A: return wd_family_layers(r, true, true, map, err);
  case WD_CURVEVEL_B: return wd_family_layers(r, true, false, map, err);
  case WD_FLATFAULT_A: return wd_family_fault_a(r, false, map, err);
  case WD_FLATFAULT_B: return wd_family_fault_b(r, false, map, err);
  case WD_CURVEFAULT_A: return wd_family_fault_a(r, true, map, err);
  case WD_CURVEFAULT_B: return wd_family_fault_b(r, true, map, err);
  case WD_STYLE_A: return wd_family_style(r, false, map, err);
  case WD_STYLE_B: return wd_family_style(r, true, map, err);
  }
  return wd_fail(err, WD_ERR_ARGUMENT, "there is no velocity family number %d", (int)family);
}

wd_status wd_family_generate_sized(wd_family family, uint64_t seed, uint64_t index, int nz, int nx,
                                   double spacing, wd_map *out, wd_error *err) {
  if ((unsigned)family >= WD_FAMILIES)
    return wd_fail(err, WD_ERR_ARGUMENT, "there is no velocity family number %d", (int)family);
  if (index >> WD_FAMILY_INDEX_BITS)
    return wd_fail(err, WD_ERR_ARGUMENT, "map index %llu has more than %d bits", (unsigned long long)index,
                   WD_FAMILY_INDEX_BITS);
  if (nz < WD_MAP_MIN_SIDE || nx < WD_MAP_MIN_SIDE || nz > WD_MAP_MAX_SIDE || nx > WD_MAP_MAX_SIDE)
    return wd_fail(err, WD_ERR_ARGUMENT, "a velocity map of %d x %d cells; each side must be %d to %d cells",
                   nz, nx, WD_MAP_MIN_SIDE, WD_MAP_MAX_SIDE);
  if (!(spacing > 0) || !isfinite(spacing))
    return wd_fail(err, WD_ERR_ARGUMENT, "a spacing of %g m; it must be positive", spacing);

  wd_map map;
  wd_status st = wd_map_create(nz, nx, spacing, &map, err);
  if (st) return st;
  wd_random r = wd_random_make(seed, map_stream(family, index));
  st = draw(family, &r, &map, err);
  if (st) {
    wd_map_clear(&map);
    return wd_fail_context(err, st, "%s, seed %llu, index %llu", names[family].display,
                           (unsigned long long)seed, (unsigned long long)index);
  }
  *out = map;
  return WD_OK;
}

wd_status wd_family_generate(wd_family family, uint64_t seed, uint64_t index, wd_map *out, wd_error *err) {
  return wd_family_generate_sized(family, seed, index, 70, 70, 10.0, out, err);
}

bool wd_family_all_present(const wd_map *map, const float *velocity, int count) {
  int cells = map->nz * map->nx, least = cells / 1000 > 1 ? cells / 1000 : 1;
  int seen[2 * WD_STACK_MAX] = {0};
  for (int i = 0; i < cells; i++)
    for (int k = 0; k < count; k++)
      if (map->value[i] == velocity[k]) {
        seen[k]++;
        break;
      }
  for (int k = 0; k < count; k++)
    if (seen[k] < least) return false;
  return true;
}

wd_status wd_family_gave_up(const wd_map *map, wd_error *err) {
  return wd_fail(err, WD_ERR_ARGUMENT, "%d x %d cells are too few for the layers of this family", map->nz,
                 map->nx);
}
