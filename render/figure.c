#include "render/figure.h"
#include "render/figure_private.h"
#include "solver/file.h"
#include "solver/memory.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_ITEMS = 64, MAX_PIXELS = 30000 };

/* Copies of what the caller gave, so that the room above pictures can be aligned along a row. */
typedef struct placed {
  bool is_curve;
  wd_figure_drawing drawing; /* draw NULL: another kind */
  wd_panel panel;
  wd_curve curve;
  wd_panel_layout panel_layout;
  wd_curve_layout curve_layout;
  int row;            /* of the grid */
  double x, y, width; /* on the page */
  double height, top; /* as arranged; of the item, and down to its first picture */
} placed;

typedef struct arranged {
  double width, height, title_base, caption_base;
  int count;
  placed *item;
} arranged;

wd_status wd_figure_format_of(const char *path, wd_figure_format *out, wd_error *err) {
  static const struct {
    const char *end;
    wd_figure_format format;
  } known[] = {{".png", WD_FIGURE_PNG}, {".pdf", WD_FIGURE_PDF}, {".svg", WD_FIGURE_SVG}};
  size_t length = strlen(path);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (length > 4 && !strcasecmp(path + length - 4, known[i].end)) {
      *out = known[i].format;
      return WD_OK;
    }
  return wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of a picture must end in .png, .pdf or .svg", path);
}

/* An item that can take the height of its neighbours. */
static bool free_height(const placed *it) {
  if (it->drawing.draw) return !(it->drawing.aspect > 0);
  return it->is_curve ? !(it->curve.aspect > 0) : !it->panel.square && !(it->panel.aspect > 0);
}

static wd_status arrange_item(placed *it, const wd_style *style, double height, double top, wd_error *err) {
  wd_status status;
  if (it->drawing.draw) {
    it->height = height > 0 ? height : it->width * (it->drawing.aspect > 0 ? it->drawing.aspect : 0.6);
    it->top = 0;
    return it->width > 6 * style->size && it->height > 6 * style->size
               ? WD_OK
               : wd_fail(err, WD_ERR_ARGUMENT, "figure: %.0f x %.0f points are too little for a drawing",
                         it->width, it->height);
  }
  if (it->is_curve) {
    it->curve.top = fmax(it->curve.top, top);
    status = wd_curve_arrange(&it->curve, style, it->width, height, &it->curve_layout, err);
    it->height = it->curve_layout.height;
    it->top = it->curve_layout.plot.y;
  } else {
    it->panel.top = fmax(it->panel.top, top);
    status = wd_panel_arrange(&it->panel, style, it->width, height, &it->panel_layout, err);
    it->height = it->panel_layout.height;
    it->top = it->panel_layout.first.y;
  }
  return status;
}

/* Arranges the items from..to-1, one row of the grid, at height y; returns the row's height in *row_height.
 */
static wd_status arrange_row(const wd_style *style, const wd_pen *pen, arranged *a, int from, int to,
                             double y, double height, double *row_height, wd_error *err) {
  double top = 0, fixed = 0, loose = 0;
  for (int pass = 0; pass < 2; pass++) { /* first the common top, then the natural heights under it */
    fixed = loose = 0;
    for (int i = from; i < to; i++) {
      placed *it = &a->item[i];
      wd_status status = arrange_item(it, style, height, top, err);
      if (status) return status;
      double *most = free_height(it) ? &loose : &fixed;
      *most = fmax(*most, it->height);
    }
    for (int i = from; i < to; i++) top = fmax(top, a->item[i].top);
  }
  *row_height = height > 0 ? height : fixed > 0 ? fixed : loose;
  for (int i = from; i < to; i++) {
    placed *it = &a->item[i];
    it->y = wd_pen_snap(pen, y);
    /* What has a shape of its own keeps it, at the top of the row. */
    if (height > 0 || it->height == *row_height || !free_height(it)) continue;
    wd_status status = arrange_item(it, style, *row_height, top, err);
    if (status) return status;
  }
  return WD_OK;
}

static wd_status arrange(const wd_figure *f, arranged *a, wd_error *err) {
  memset(a, 0, sizeof *a);
  int columns = f->columns > 0 ? f->columns : 1;
  double width_mm = f->width_mm == 0 ? 170 : f->width_mm;
  if (f->items < 1 || f->items > MAX_ITEMS || !f->item)
    return wd_fail(err, WD_ERR_ARGUMENT, "figure of %d panels: give 1 to %d", f->items, MAX_ITEMS);
  if (!(width_mm >= 10 && width_mm <= 5000) || !(f->height_mm >= 0 && f->height_mm <= 5000))
    return wd_fail(err, WD_ERR_ARGUMENT, "figure %g mm wide: give 10 to 5000", width_mm);
  wd_style style = wd_style_of(&f->style);
  wd_pen pen;
  wd_pen_open(&pen, NULL, &style, NULL);
  double s = style.size, margin = 0.9 * s, gap = 2.2 * s, ascent;
  double line = wd_pen_line(&pen, s, &ascent), title_ascent,
         title_line = wd_pen_line(&pen, 1.25 * s, &title_ascent);
  a->width = width_mm * 72 / 25.4;
  a->item = wd_calloc((size_t)f->items, sizeof *a->item);
  wd_status status = a->item ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "figure of %d panels", f->items);
  double cell = (a->width - 2 * margin - (columns - 1) * gap) / columns, y = margin;
  if (f->title) {
    a->title_base = y + title_ascent;
    y += title_line + 0.6 * s;
  }
  double below = f->caption ? line + 0.8 * s : 0;
  int rows = 0; /* of the grid */
  for (int i = 0, column = columns; i < f->items && !status; i++) {
    int span = f->item[i].span > 1 ? f->item[i].span : 1;
    if (span > columns) span = columns;
    if (column + span > columns) {
      column = 0;
      rows++;
    }
    if ((f->item[i].panel != NULL) + (f->item[i].curve != NULL) + (f->item[i].drawing != NULL) != 1) {
      status =
          wd_fail(err, WD_ERR_ARGUMENT, "figure: item %d must be either a panel, a curve or a drawing", i);
      break;
    }
    a->item[i].is_curve = f->item[i].curve != NULL;
    if (f->item[i].panel) a->item[i].panel = *f->item[i].panel;
    if (f->item[i].curve) a->item[i].curve = *f->item[i].curve;
    if (f->item[i].drawing) a->item[i].drawing = *f->item[i].drawing;
    a->item[i].x = wd_pen_snap(&pen, margin + column * (cell + gap));
    a->item[i].width = span * cell + (span - 1) * gap;
    a->item[i].row = rows;
    column += span;
  }
  double row_room = 0;
  if (f->height_mm > 0 && rows > 0)
    row_room = (f->height_mm * 72 / 25.4 - y - below - margin - (rows - 1) * gap * 0.7) / rows;
  if (f->height_mm > 0 && !status && !(row_room > 4 * s))
    status = wd_fail(err, WD_ERR_ARGUMENT, "figure %g mm high: too little for %d rows of panels",
                     f->height_mm, rows);
  for (int from = 0; from < f->items && !status;) {
    int to = from + 1;
    while (to < f->items && a->item[to].row == a->item[from].row) to++;
    double height = 0;
    status = arrange_row(&style, &pen, a, from, to, y, row_room, &height, err);
    y += height + (to < f->items ? gap * 0.7 : 0);
    from = to;
  }
  if (f->caption) a->caption_base = y + 0.8 * s + ascent;
  a->height = f->height_mm > 0 ? f->height_mm * 72 / 25.4 : y + below + margin;
  a->height = fmax(a->height, f->least_height_mm * 72 / 25.4);
  a->count = f->items;
  wd_pen_close(&pen);
  if (status) wd_free(a->item);
  return status;
}

static wd_status draw(const wd_figure *f, const arranged *a, cairo_t *cr, wd_text_log *log, wd_error *err) {
  wd_style style = wd_style_of(&f->style);
  wd_pen pen;
  wd_pen_open(&pen, cr, &style, log);
  double margin = 0.9 * style.size;
  cairo_save(cr);
  wd_pen_colour(&pen, pen.theme->paper);
  cairo_rectangle(cr, 0, 0, a->width + 1, a->height + 1); /* the last pixel may be cut by rounding */
  cairo_fill(cr);
  wd_type type = {
      .size = 1.25 * style.size, .weight = WD_BOLD, .colour = pen.theme->ink, .room = a->width - 2 * margin};
  if (f->title) wd_pen_text(&pen, &type, margin, a->title_base, 0, f->title);
  type = (wd_type){.size = style.size, .colour = pen.theme->dim, .room = a->width - 2 * margin};
  if (f->caption) wd_pen_text(&pen, &type, margin, a->caption_base, 0, f->caption);
  wd_pen_close(&pen);
  for (int i = 0; i < a->count; i++) {
    const placed *it = &a->item[i];
    int before = log ? log->count : 0;
    cairo_save(cr);
    cairo_translate(cr, it->x, it->y);
    if (it->drawing.draw)
      it->drawing.draw(it->drawing.user, &style, cr, it->width, it->height);
    else if (it->is_curve)
      wd_curve_draw(&it->curve, &style, &it->curve_layout, cr, log);
    else
      wd_panel_draw(&it->panel, &style, &it->panel_layout, cr, log);
    cairo_restore(cr);
    for (int k = before; log && k < log->count; k++) {
      log->box[k].x += it->x;
      log->box[k].y += it->y;
    }
  }
  cairo_restore(cr);
  cairo_status_t status = cairo_status(cr);
  if (status == CAIRO_STATUS_SUCCESS) return WD_OK;
  return wd_fail(err, status == CAIRO_STATUS_WRITE_ERROR ? WD_ERR_IO : WD_ERR_NO_MEMORY,
                 "figure: cairo says \"%s\"", cairo_status_to_string(status));
}

wd_status wd_figure_size(const wd_figure *figure, double *width, double *height, wd_error *err) {
  arranged a;
  wd_status status = arrange(figure, &a, err);
  if (status) return status;
  *width = a.width;
  *height = a.height;
  wd_free(a.item);
  return WD_OK;
}

wd_status wd_figure_draw(const wd_figure *figure, cairo_t *cr, wd_text_log *log, wd_error *err) {
  arranged a;
  wd_status status = arrange(figure, &a, err);
  if (status) return status;
  status = draw(figure, &a, cr, log, err);
  wd_free(a.item);
  return status;
}

/* cairo's stream; the first error of the file is kept for the caller. */
typedef struct stream {
  wd_file *file;
  wd_error error;
  wd_figure_text head; /* SVG: goes in after the opening tag */
  int matched;         /* bytes of "<svg" seen so far */
  bool inserted;
} stream;

/* How many bytes of data belong before the insertion: up to the '>' that ends the "<svg" tag; 0 when it is
 * not in this piece. cairo writes in pieces of any size. */
static unsigned int end_of_tag(stream *s, const unsigned char *data, unsigned int length) {
  static const char tag[] = "<svg";
  for (unsigned int i = 0; i < length; i++) {
    if (s->matched < 4)
      s->matched = data[i] == (unsigned char)tag[s->matched] ? s->matched + 1 : data[i] == '<';
    else if (data[i] == '>')
      return i + 1;
  }
  return 0;
}

static cairo_status_t stream_write(void *closure, const unsigned char *data, unsigned int length) {
  stream *s = closure;
  unsigned int from = s->head.text && !s->inserted ? end_of_tag(s, data, length) : 0;
  if (from > 0) {
    s->inserted = true;
    if (wd_file_write(s->file, data, from, &s->error) ||
        wd_file_write(s->file, s->head.text, s->head.length, &s->error))
      return CAIRO_STATUS_WRITE_ERROR;
  }
  return wd_file_write(s->file, data + from, length - from, &s->error) ? CAIRO_STATUS_WRITE_ERROR
                                                                       : CAIRO_STATUS_SUCCESS;
}

static wd_status write_vector(const wd_figure *f, const arranged *a, bool svg, wd_file *file, wd_error *err) {
  stream s = {.file = file};
  wd_status status = WD_OK;
  if (svg && (status = wd_figure_svg_head(f, &s.head, err))) return status;
  cairo_surface_t *surface = svg ? cairo_svg_surface_create_for_stream(stream_write, &s, a->width, a->height)
                                 : cairo_pdf_surface_create_for_stream(stream_write, &s, a->width, a->height);
  if (svg) {
    cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PT);
  } else {
    if (f->title) cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, f->title);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "wavediffusion");
    char *keywords = f->recipe ? wd_figure_join(WD_FIGURE_KEYWORD " ", f->recipe) : NULL;
    if (f->recipe && !keywords) status = wd_fail(err, WD_ERR_NO_MEMORY, "figure: no memory for its recipe");
    if (keywords) cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_KEYWORDS, keywords);
    wd_free(keywords);
  }
  cairo_t *cr = cairo_create(surface);
  if (!status) status = draw(f, a, cr, NULL, err);
  cairo_destroy(cr);
  cairo_surface_finish(surface);
  cairo_status_t end = cairo_surface_status(surface);
  cairo_surface_destroy(surface);
  wd_free(s.head.text);
  if (s.error.code) { /* the file system's own words say more than cairo's */
    if (err) *err = s.error;
    return s.error.code;
  }
  if (!status && end != CAIRO_STATUS_SUCCESS)
    status = wd_fail(err, WD_ERR_NO_MEMORY, "figure: cairo says \"%s\"", cairo_status_to_string(end));
  if (!status && svg && !s.inserted)
    status = wd_fail(err, WD_ERR_UNSUPPORTED,
                     "figure: this cairo writes no <svg> tag that the recipe could follow");
  return status;
}

static wd_status write_raster(const wd_figure *f, const arranged *a, double dpi, wd_file *file,
                              wd_error *err) {
  double scale = dpi / 72;
  int width = (int)round(a->width * scale), height = (int)round(a->height * scale);
  if (width < 1 || height < 1 || a->width * scale > MAX_PIXELS || a->height * scale > MAX_PIXELS)
    return wd_fail(err, WD_ERR_ARGUMENT, "figure of %.0f x %.0f pixels: the limit is %d a side",
                   a->width * scale, a->height * scale, MAX_PIXELS);
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
  cairo_t *cr = cairo_create(surface);
  cairo_scale(cr, scale, scale);
  wd_status status = draw(f, a, cr, NULL, err);
  cairo_destroy(cr);
  cairo_surface_flush(surface);
  if (!status)
    status = wd_figure_write_png(f, cairo_image_surface_get_data(surface), width, height,
                                 cairo_image_surface_get_stride(surface), dpi, file, err);
  cairo_surface_destroy(surface);
  return status;
}

wd_status wd_figure_write(const wd_figure *figure, const char *path, wd_error *err) {
  wd_figure_format format;
  wd_status status = wd_figure_format_of(path, &format, err);
  if (status) return status;
  double dpi = figure->dpi == 0 ? 300 : figure->dpi;
  if (!(dpi >= 20 && dpi <= 2400)) return wd_fail(err, WD_ERR_ARGUMENT, "%g dpi: give 20 to 2400", dpi);
  wd_figure f = *figure;
  static const wd_medium medium[] = {
      [WD_FIGURE_PNG] = WD_MEDIUM_RASTER, [WD_FIGURE_PDF] = WD_MEDIUM_PDF, [WD_FIGURE_SVG] = WD_MEDIUM_SVG};
  f.style.medium = medium[format];
  f.style.scale = dpi / 72;
  arranged a;
  status = arrange(&f, &a, err);
  if (status) return status;
  wd_file *file;
  status = wd_file_create(path, &file, err);
  if (!status) {
    status = format == WD_FIGURE_PNG ? write_raster(&f, &a, dpi, file, err)
                                     : write_vector(&f, &a, format == WD_FIGURE_SVG, file, err);
    if (status)
      wd_file_abort(file);
    else
      status = wd_file_commit(file, err);
  }
  wd_free(a.item);
  return status;
}

void wd_contact_sheet(const wd_map *map, int maps, const char *const *caption, int columns, wd_facet *facet,
                      wd_panel *panel) {
  for (int i = 0; i < maps; i++)
    facet[i] = (wd_facet){.value = map[i].value, .caption = caption ? caption[i] : NULL};
  *panel = wd_panel_of_map(map, facet, maps);
  panel->facet_columns = columns > 0 ? columns : (int)ceil(sqrt(maps * 4.0 / 3.0));
  panel->no_axes = true;
}
