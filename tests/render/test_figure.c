/* Figures as files: PNG with its recipe, PDF and SVG that look like it, nothing half-written, hostile PNGs.
 */
#include "render/figure.h"
#include "solver/memory.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NZ = 70, NX = 70, S = 400, R = 30 };
static float velocity[NZ * NX], pressure[3 * S * R];
static char folder[] = "/tmp/wd-figure-XXXXXX";

/* A JSON text with everything that an escape could break. */
static const char recipe[] = "{\"title\":\"a \\\"b\\\" <c> & d\",\"x\":\"x̂₀ − ε\",\"range\":[1500,4500]}";

static const char *path_of(const char *name) {
  static char path[64][300]; /* by turns: more than any test holds at a time */
  static int turn;
  turn = (turn + 1) % 64;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

static int files_in_folder(void) {
  int n = 0;
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
  if (d) closedir(d);
  return n;
}

typedef struct sheet {
  wd_facet map, shot[3];
  wd_panel map_panel, gather_panel;
  wd_series series[2];
  wd_curve curve;
  wd_figure_item item[3];
  wd_figure figure;
} sheet;

static double residual[40], floor_of[40];

static void sheet_make(sheet *s, wd_panel_mode mode) {
  wd_map map = {NZ, NX, 10, velocity};
  wd_gather gather = {3, S, R, 0.001, pressure};
  *s = (sheet){.map = {.value = velocity}};
  for (int i = 0; i < 3; i++) s->shot[i] = (wd_facet){.value = pressure + i * S * R, .caption = "shot"};
  s->map_panel = wd_panel_of_map(&map, &s->map, 1);
  s->map_panel.range = (wd_range){1500, 4500, "fixed range"};
  s->gather_panel = wd_panel_of_gather(&gather, 10, s->shot, 3);
  s->gather_panel.range = (wd_range){-1, 1, "clip 99 %"};
  s->gather_panel.mode = mode;
  s->series[0] = (wd_series){.name = "x̂₀", .y = residual, .count = 40, .marker = WD_MARKER_SOLID};
  s->series[1] = (wd_series){.name = "floor", .y = floor_of, .count = 40, .dash = WD_DASH_DASHED};
  s->curve = (wd_curve){.title = "Residual",
                        .x = {.label = "Step"},
                        .y = {.log = true, .label = "r"},
                        .series = s->series,
                        .n_series = 2};
  s->item[0] = (wd_figure_item){.panel = &s->map_panel, .span = 2};
  s->item[1] = (wd_figure_item){.panel = &s->gather_panel, .span = 3};
  s->item[2] = (wd_figure_item){.curve = &s->curve, .span = 5};
  s->figure = (wd_figure){.item = s->item,
                          .items = 3,
                          .columns = 5,
                          .width_mm = 150,
                          .dpi = 100,
                          .title = "A <pair> & its \"residual\"",
                          .caption = "below",
                          .recipe = recipe};
}

/* PNG -> grey pixels through cairo; NULL when it is none. */
static unsigned char *read_grey(const char *path, int *width, int *height) {
  cairo_surface_t *surface = cairo_image_surface_create_from_png(path);
  unsigned char *out = NULL;
  if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
    cairo_surface_flush(surface);
    *width = cairo_image_surface_get_width(surface);
    *height = cairo_image_surface_get_height(surface);
    out = malloc((size_t)*width * (size_t)*height);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < *height; y++)
      for (int x = 0; x < *width; x++) {
        const unsigned char *p = data + (size_t)y * (size_t)stride + 4 * (size_t)x;
        out[y * *width + x] = (unsigned char)((p[0] + 2 * p[1] + p[2]) / 4);
      }
  }
  cairo_surface_destroy(surface);
  return out;
}

/* Mean |difference| of two pictures, of 255; 255 when their sizes differ by more than a pixel. */
static double gap(const char *a, const char *b) {
  int wa, ha, wb, hb;
  unsigned char *pa = read_grey(a, &wa, &ha), *pb = read_grey(b, &wb, &hb);
  double sum = 0, result = 255;
  if (pa && pb && abs(wa - wb) <= 1 && abs(ha - hb) <= 1) {
    int w = wa < wb ? wa : wb, h = ha < hb ? ha : hb;
    for (int y = 0; y < h; y++)
      for (int x = 0; x < w; x++) sum += abs(pa[y * wa + x] - pb[y * wb + x]);
    result = sum / (w * h);
  }
  free(pa);
  free(pb);
  return result;
}

static bool have(const char *program) {
  char command[100];
  snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
  return system(command) == 0;
}

static char *read_text(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  char *text = calloc(1, 8 << 20);
  *size = fread(text, 1, (8 << 20) - 1, f);
  fclose(f);
  return text;
}

static void test_vectors(void) {
  static const char *const mode_name[] = {"density", "wiggle", "area", "negative", "density+wiggle"};
  for (int mode = 0; mode <= WD_PANEL_DENSITY_WIGGLE; mode++) {
    sheet s;
    sheet_make(&s, (wd_panel_mode)mode);
    wd_error err = {0};
    char png[300];
    snprintf(png, sizeof png, "%s", path_of("f.png"));
    tap_ok(!wd_figure_write(&s.figure, png, &err), "PNG, %s%s", mode_name[mode], err.message);
    char command[900];
    tap_ok(!wd_figure_write(&s.figure, path_of("f.pdf"), &err), "PDF, %s%s", mode_name[mode], err.message);
    if (have("pdftoppm")) {
      snprintf(command, sizeof command, "cd %s && pdftoppm -r 100 -png -singlefile f.pdf pdf", folder);
      char text[80];
      snprintf(text, sizeof text, "PDF against PNG, %s: mean gap of 255", mode_name[mode]);
      if (tap_ok(system(command) == 0, "pdftoppm reads it"))
        tap_at_most(gap(png, path_of("pdf.png")), 6, text);
    } else
      tap_skip("pdftoppm (poppler-utils) is not installed");
    tap_ok(!wd_figure_write(&s.figure, path_of("f.svg"), &err), "SVG, %s%s", mode_name[mode], err.message);
    if (have("rsvg-convert")) {
      snprintf(command, sizeof command, "cd %s && rsvg-convert -d 100 -p 100 f.svg -o svg.png", folder);
      char text[80];
      snprintf(text, sizeof text, "SVG against PNG, %s: mean gap of 255", mode_name[mode]);
      if (tap_ok(system(command) == 0, "rsvg-convert reads it"))
        tap_at_most(gap(png, path_of("svg.png")), 6, text);
    } else
      tap_skip("rsvg-convert (librsvg2-bin) is not installed");
    if (mode) continue;
    sheet other;
    sheet_make(&other, WD_PANEL_DENSITY);
    other.figure.style.dark = true;
    wd_figure_write(&other.figure, path_of("dark.png"), &err);
    double far = gap(png, path_of("dark.png"));
    tap_ok(far > 50, "what the measure is worth: the dark theme is %.0f levels away", far);
  }
}

static void test_recipe(void) {
  sheet s;
  sheet_make(&s, WD_PANEL_DENSITY);
  wd_error err = {0};
  char *json = NULL;
  tap_ok(!wd_figure_write(&s.figure, path_of("r.png"), &err) &&
             !wd_figure_read_recipe(path_of("r.png"), &json, &err) && json && !strcmp(json, recipe),
         "the recipe comes back from the PNG: %s", json ? json : err.message);
  wd_free(json);
  static char large[200000];
  large[0] = '"';
  for (size_t i = 1; i < sizeof large - 2; i++) large[i] = (char)('a' + i * i % 23);
  large[sizeof large - 2] = '"';
  s.figure.recipe = large;
  json = NULL;
  tap_ok(!wd_figure_write(&s.figure, path_of("r.png"), &err) &&
             !wd_figure_read_recipe(path_of("r.png"), &json, &err) && json && !strcmp(json, large),
         "and so does one of 200 kB");
  wd_free(json);
  s.figure.recipe = NULL;
  json = (char *)1;
  tap_ok(!wd_figure_write(&s.figure, path_of("n.png"), &err) &&
             wd_figure_read_recipe(path_of("n.png"), &json, &err) == WD_ERR_UNSUPPORTED && json == (char *)1,
         "no recipe: %s", err.message);

  s.figure.recipe = recipe;
  size_t size = 0;
  wd_figure_write(&s.figure, path_of("r.svg"), &err);
  char *svg = read_text(path_of("r.svg"), &size);
  tap_ok(svg &&
             strstr(svg, "<metadata id=\"wavediffusion:run\">{\"title\":\"a \\\"b\\\" &lt;c&gt; &amp; d\"") &&
             strstr(svg, "<title>A &lt;pair&gt; &amp; its"),
         "the SVG carries title and recipe, escaped");
  free(svg);
  if (have("pdfinfo")) {
    wd_figure_write(&s.figure, path_of("r.pdf"), &err);
    char command[900];
    snprintf(command, sizeof command, "cd %s && pdfinfo -enc UTF-8 r.pdf > info.txt", folder);
    bool ran = system(command) == 0;
    char *info = read_text(path_of("info.txt"), &size);
    tap_ok(ran && info && strstr(info, recipe) && strstr(info, "wavediffusion:run {") &&
               strstr(info, "A <pair> & its"),
           "the PDF carries title and recipe");
    free(info);
  } else
    tap_skip("pdfinfo (poppler-utils) is not installed");
}

static void write_bytes(const char *path, const void *data, size_t size) {
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(data, 1, size, f) != size) abort();
  fclose(f);
}

/* Broken files: an error that names the file, the output untouched. */
static void test_hostile(void) {
  sheet s;
  sheet_make(&s, WD_PANEL_DENSITY);
  wd_error err = {0};
  wd_figure_write(&s.figure, path_of("h.png"), &err);
  size_t size = 0;
  char *whole = read_text(path_of("h.png"), &size);
  wd_random r = wd_random_make(1, 2);
  int read = 0, named = 0, touched = 0, cases = 0;
  for (size_t cut = 0; cut < 700; cut += 7, cases++) { /* truncated anywhere in the head */
    write_bytes(path_of("t.png"), whole, cut);
    char *json = (char *)1;
    wd_status status = wd_figure_read_recipe(path_of("t.png"), &json, &err);
    named += status == WD_OK || strstr(err.message, "t.png") != NULL;
    touched += status != WD_OK && json != (char *)1;
    if (status == WD_OK) wd_free(json);
  }
  for (int k = 0; k < 500; k++, cases++) { /* bytes changed */
    char *copy = malloc(size);
    memcpy(copy, whole, size);
    for (int n = wd_random_int(&r, 1, 4); n > 0; n--)
      copy[wd_random_int(&r, 0, 600)] = (char)wd_random_u32(&r);
    write_bytes(path_of("t.png"), copy, size < 4000 ? size : 4000);
    free(copy);
    char *json = (char *)1;
    wd_status status = wd_figure_read_recipe(path_of("t.png"), &json, &err);
    read += status == WD_OK;
    named += status == WD_OK || strstr(err.message, "t.png") != NULL;
    touched += status != WD_OK && json != (char *)1;
    if (status == WD_OK) wd_free(json);
  }
  tap_ok(named == cases && touched == 0 && read < cases,
         "%d broken PNGs: %d read, %d named in the message, %d outputs touched", cases, read, named, touched);
  free(whole);
  char *json = (char *)1;
  tap_ok(wd_figure_read_recipe(path_of("absent.png"), &json, &err) == WD_ERR_IO && json == (char *)1,
         "absent: %s", err.message);
  tap_ok(wd_figure_read_recipe(folder, &json, &err) == WD_ERR_IO && json == (char *)1, "a folder: %s",
         err.message);
}

static void test_refusals(void) {
  sheet s;
  sheet_make(&s, WD_PANEL_DENSITY);
  wd_error err = {0};
  int before = files_in_folder();
  static const char *const bad[] = {"x.jpg", "x", "png", ".png"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    tap_ok(wd_figure_write(&s.figure, i == 3 ? ".png" : path_of(bad[i]), &err) == WD_ERR_ARGUMENT, "%s",
           err.message);
  tap_ok(wd_figure_write(&s.figure, path_of("none/x.png"), &err) == WD_ERR_IO, "%s", err.message);
  wd_figure f = s.figure;
  f.dpi = 5;
  tap_ok(wd_figure_write(&f, path_of("x.png"), &err) == WD_ERR_ARGUMENT, "%s", err.message);
  f = s.figure;
  f.width_mm = 4900;
  f.dpi = 600;
  tap_ok(wd_figure_write(&f, path_of("x.png"), &err) == WD_ERR_ARGUMENT, "%s", err.message);
  f.width_mm = NAN;
  tap_ok(wd_figure_write(&f, path_of("x.pdf"), &err) == WD_ERR_ARGUMENT, "%s", err.message);
  f = s.figure;
  f.width_mm = 40;
  tap_ok(wd_figure_write(&f, path_of("x.svg"), &err) == WD_ERR_ARGUMENT, "%s", err.message);
  f = s.figure;
  f.items = 0;
  tap_ok(wd_figure_write(&f, path_of("x.pdf"), &err) == WD_ERR_ARGUMENT, "%s", err.message);
  wd_figure_item none = {.span = 1};
  f.item = &none;
  f.items = 1;
  tap_ok(wd_figure_write(&f, path_of("x.pdf"), &err) == WD_ERR_ARGUMENT, "%s", err.message);
  tap_ok(files_in_folder() == before, "no refusal left a file");
}

/* The page at the drawing level: texts of different items do not meet, and the size is what was asked. */
static void test_page(void) {
  sheet s;
  sheet_make(&s, WD_PANEL_DENSITY);
  double width = 0, height = 0;
  wd_error err = {0};
  wd_status status = wd_figure_size(&s.figure, &width, &height, &err);
  tap_ok(!status, "size %.1f x %.1f points", width, height);
  tap_at_most(fabs(width - 150 * 72 / 25.4), 1e-9, "150 mm wide, off by");
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width + 1, (int)height + 1);
  cairo_t *cr = cairo_create(surface);
  static wd_rect box[300];
  wd_text_log log = {.capacity = 300, .box = box};
  tap_ok(!wd_figure_draw(&s.figure, cr, &log, &err), "drawn");
  int meet = 0, outside = 0;
  for (int i = 0; i < log.count; i++) {
    const wd_rect *a = &box[i];
    outside += a->x < 0 || a->y < 0 || a->x + a->width > width || a->y + a->height > height;
    for (int k = i + 1; k < log.count; k++) {
      const wd_rect *b = &box[k];
      meet += a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
              b->y < a->y + a->height;
    }
  }
  tap_ok(log.count > 30 && meet == 0 && outside == 0, "%d texts, %d meet, %d outside the page", log.count,
         meet, outside);
  cairo_destroy(cr);
  cairo_surface_destroy(surface);
  s.figure.height_mm = 120;
  wd_figure_size(&s.figure, &width, &height, &err);
  tap_at_most(fabs(height - 120 * 72 / 25.4), 1e-9, "120 mm high when asked, off by");
}

int main(void) {
  if (!mkdtemp(folder)) return 1;
  for (int z = 0; z < NZ; z++)
    for (int x = 0; x < NX; x++)
      velocity[z * NX + x] = (float)(1600 + 30 * z + 400 * (((x / 9) + (z / 11)) % 2));
  for (int i = 0; i < 3; i++)
    for (int s = 0; s < S; s++)
      for (int r = 0; r < R; r++) {
        double t = (s - 60 - 8 * abs(r - 10 * i - 5)) * 0.06;
        pressure[(i * S + s) * R + r] = (float)((1 - 2 * t * t) * exp(-t * t) + 0.1 * sin(s * 0.1 + r * 0.3));
      }
  for (int i = 0; i < 40; i++) {
    residual[i] = exp(-i / 8.0) + 0.05;
    floor_of[i] = 0.03;
  }
  test_vectors();
  test_recipe();
  test_hostile();
  test_refusals();
  test_page();
  char command[300];
  if (getenv("WD_KEEP")) return tap_done();
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  if (system(command) != 0) return 1;
  return tap_done();
}
