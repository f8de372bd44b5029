#include <GL/glew.h>

#include "render/gl_field.h"
#include "solver/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One triangle over the viewport. */
static const char vertex_source[] =
    "#version 330 core\n"
    "void main() {\n"
    "  vec2 p = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);\n"
    "  gl_Position = vec4(p, 0.0, 1.0);\n"
    "}\n";

/* `span` holds wd_raster_span of every pixel across (texels 0..size.x-1) and down (after them): row 0 is
 * first, count, w0, w1; row 1 is inner. Sums run in the order of raster.c. `range` is the middle, and levels
 * a unit: floats count levels from the middle, where the eye does too; from the end of a symmetric range all
 * that is nearly silent would round to the wrong side of zero. What is so faint that wd_range_level's doubles
 * do not see it either is the middle. */
static const char field_source[] =
    "#version 330 core\n"
    "uniform sampler2D value;\n"
    "uniform sampler2D span;\n"
    "uniform sampler2D table;\n"
    "uniform ivec2 origin, size;\n"
    "uniform vec2 range;\n"
    "uniform vec4 missing;\n"
    "out vec4 colour;\n"
    "float weight(vec4 s, float inner, int k) {\n"
    "  return k == 0 ? s.z : k == int(s.y) - 1 ? s.w : inner;\n"
    "}\n"
    "void main() {\n"
    "  ivec2 p = ivec2(gl_FragCoord.xy) - origin;\n"
    "  p.y = size.y - 1 - p.y;\n"
    "  vec4 across = texelFetch(span, ivec2(p.x, 0), 0), down = texelFetch(span, ivec2(size.x + p.y, 0), "
    "0);\n"
    "  float inner_across = texelFetch(span, ivec2(p.x, 1), 0).r;\n"
    "  float inner_down = texelFetch(span, ivec2(size.x + p.y, 1), 0).r;\n"
    "  int columns = int(across.y), rows = int(down.y), c0 = int(across.x), r0 = int(down.x);\n"
    "  if (columns == 0 || rows == 0) { colour = missing; return; }\n"
    "  float v = 0.0;\n"
    "  if (columns == 1 && rows == 1) {\n"
    "    v = texelFetch(value, ivec2(c0, r0), 0).r;\n"
    "  } else {\n"
    "    for (int i = 0; i < columns; i++) {\n"
    "      float line = 0.0;\n"
    "      for (int k = 0; k < rows; k++)\n"
    "        line += weight(down, inner_down, k) * texelFetch(value, ivec2(c0 + i, r0 + k), 0).r;\n"
    "      v += weight(across, inner_across, i) * line;\n"
    "    }\n"
    "  }\n"
    "  if (isnan(v)) { colour = missing; return; }\n"
    "  float t = (v - range.x) * range.y;\n"
    "  if (abs(t) < 1.0e-14) t = 0.0;\n"
    "  t = clamp(floor(t), -128.0, 127.0);\n"
    "  colour = texelFetch(table, ivec2(128 + int(t), 0), 0);\n"
    "}\n";

static const char image_source[] = "#version 330 core\n"
                                   "uniform sampler2D value;\n"
                                   "uniform ivec2 origin, size;\n"
                                   "out vec4 colour;\n"
                                   "void main() {\n"
                                   "  ivec2 p = ivec2(gl_FragCoord.xy) - origin;\n"
                                   "  p.y = size.y - 1 - p.y;\n"
                                   "  colour = vec4(texelFetch(value, p, 0).rgb, 1.0);\n"
                                   "}\n";

struct wd_gl {
  GLuint field, image, array;
  GLint field_origin, field_size, field_range, field_missing, image_origin, image_size;
  GLuint table;
  uint32_t colours[256]; /* what the table holds; colours are opaque, so that zero is none */
  int width, height;     /* of the frame */
  GLint largest;
  char name[128];
};

struct wd_gl_picture {
  wd_gl *gl;
  GLuint value, span;
  int rows, columns; /* of the field; of ready pixels height and width */
  bool image;
  /* what the spans are of */
  wd_view view;
  int width, height;
  bool smooth, spans;
};

static GLuint compile(GLenum kind, const char *source, wd_error *err) {
  GLuint shader = glCreateShader(kind);
  glShaderSource(shader, 1, &source, NULL);
  glCompileShader(shader);
  GLint done = 0;
  glGetShaderiv(shader, GL_COMPILE_STATUS, &done);
  if (!done) {
    char log[160] = "";
    glGetShaderInfoLog(shader, sizeof log, NULL, log);
    wd_fail(err, WD_ERR_UNSUPPORTED, "OpenGL: a shader does not compile: %s", log);
    glDeleteShader(shader);
    return 0;
  }
  return shader;
}

static GLuint build(const char *fragment, wd_error *err) {
  GLuint v = compile(GL_VERTEX_SHADER, vertex_source, err);
  GLuint f = v ? compile(GL_FRAGMENT_SHADER, fragment, err) : 0;
  GLuint program = 0;
  if (f) {
    program = glCreateProgram();
    glAttachShader(program, v);
    glAttachShader(program, f);
    glBindFragDataLocation(program, 0, "colour");
    glLinkProgram(program);
    GLint done = 0;
    glGetProgramiv(program, GL_LINK_STATUS, &done);
    if (!done) {
      char log[160] = "";
      glGetProgramInfoLog(program, sizeof log, NULL, log);
      wd_fail(err, WD_ERR_UNSUPPORTED, "OpenGL: a program does not link: %s", log);
      glDeleteProgram(program);
      program = 0;
    }
  }
  if (v) glDeleteShader(v);
  if (f) glDeleteShader(f);
  return program;
}

static void set_sampler(GLuint program, const char *name, int unit) {
  glUniform1i(glGetUniformLocation(program, name), unit);
}

static GLuint plain_texture(void) {
  GLuint texture = 0;
  glGenTextures(1, &texture);
  glBindTexture(GL_TEXTURE_2D, texture);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
  return texture;
}

static void clear_errors(void) {
  for (int i = 0; i < 16 && glGetError() != GL_NO_ERROR; i++) {}
}

/* "llvmpipe (LLVM 15.0.6, 256 bits)" without what is in the parentheses. */
static void write_name(char *name, size_t size) {
  const char *version = (const char *)glGetString(GL_VERSION),
             *renderer = (const char *)glGetString(GL_RENDERER);
  char number[16] = "";
  if (version) sscanf(version, "%15[0-9.]", number);
  snprintf(name, size, "OpenGL %s, %s", number, renderer ? renderer : "unknown");
  char *open = strstr(name, " (");
  if (open) *open = 0;
}

bool wd_gl_is_software(const char *renderer) {
  static const char *const programs[] = {"llvmpipe", "softpipe", "swrast", "Software Rasterizer",
                                         "SwiftShader"};
  for (size_t i = 0; renderer && i < sizeof programs / sizeof *programs; i++)
    if (strstr(renderer, programs[i])) return true;
  return false;
}

bool wd_gl_describe(char *name, size_t size) {
  glewExperimental = GL_TRUE;
  const GLenum code = glewInit();
  snprintf(name, size, "OpenGL");
  if (code != GLEW_OK && code != GLEW_ERROR_NO_GLX_DISPLAY) return false;
  clear_errors();
  write_name(name, size);
  return wd_gl_is_software((const char *)glGetString(GL_RENDERER));
}

wd_status wd_gl_create(wd_gl **out, wd_error *err) {
  glewExperimental = GL_TRUE;
  GLenum code = glewInit();
  if (code != GLEW_OK && code != GLEW_ERROR_NO_GLX_DISPLAY)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "OpenGL: GLEW: %s", (const char *)glewGetErrorString(code));
  clear_errors(); /* GLEW asks core contexts for what they do not have */
  if (!GLEW_VERSION_3_3 || !glGenVertexArrays || !glBindFragDataLocation) {
    const char *version = (const char *)glGetString(GL_VERSION);
    return wd_fail(err, WD_ERR_UNSUPPORTED, "OpenGL 3.3 is needed; this context is %s",
                   version ? version : "none");
  }
  wd_gl *gl = wd_calloc(1, sizeof *gl);
  if (!gl) return wd_fail(err, WD_ERR_NO_MEMORY, "OpenGL: no memory");
  gl->field = build(field_source, err);
  gl->image = gl->field ? build(image_source, err) : 0;
  if (!gl->image) {
    wd_gl_destroy(gl);
    return err ? err->code : WD_ERR_UNSUPPORTED;
  }
  glGenVertexArrays(1, &gl->array);
  glGetIntegerv(GL_MAX_TEXTURE_SIZE, &gl->largest);
  gl->table = plain_texture();
  glUseProgram(gl->field);
  set_sampler(gl->field, "value", 0);
  set_sampler(gl->field, "span", 1);
  set_sampler(gl->field, "table", 2);
  gl->field_origin = glGetUniformLocation(gl->field, "origin");
  gl->field_size = glGetUniformLocation(gl->field, "size");
  gl->field_range = glGetUniformLocation(gl->field, "range");
  gl->field_missing = glGetUniformLocation(gl->field, "missing");
  glUseProgram(gl->image);
  set_sampler(gl->image, "value", 0);
  gl->image_origin = glGetUniformLocation(gl->image, "origin");
  gl->image_size = glGetUniformLocation(gl->image, "size");
  glUseProgram(0);
  write_name(gl->name, sizeof gl->name);
  GLenum fault = glGetError();
  if (fault != GL_NO_ERROR) {
    wd_gl_destroy(gl);
    return wd_fail(err, WD_ERR_UNSUPPORTED, "OpenGL: error 0x%04x while it was set up", fault);
  }
  *out = gl;
  return WD_OK;
}

void wd_gl_destroy(wd_gl *gl) {
  if (!gl) return;
  if (gl->field) glDeleteProgram(gl->field);
  if (gl->image) glDeleteProgram(gl->image);
  if (gl->array) glDeleteVertexArrays(1, &gl->array);
  if (gl->table) glDeleteTextures(1, &gl->table);
  wd_free(gl);
}

const char *wd_gl_name(const wd_gl *gl) {
  return gl->name;
}

wd_gl_picture *wd_gl_picture_new(wd_gl *gl) {
  wd_gl_picture *p = wd_calloc(1, sizeof *p);
  if (!p) return NULL;
  p->gl = gl;
  p->value = plain_texture();
  p->span = plain_texture();
  return p;
}

void wd_gl_picture_free(wd_gl_picture *p) {
  if (!p) return;
  glDeleteTextures(1, &p->value);
  glDeleteTextures(1, &p->span);
  wd_free(p);
}

bool wd_gl_picture_set_field(wd_gl_picture *p, const wd_field *field) {
  if (field->columns > p->gl->largest || field->rows > p->gl->largest) return false;
  glBindTexture(GL_TEXTURE_2D, p->value);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  if (!p->image && p->rows == field->rows && p->columns == field->columns)
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, field->columns, field->rows, GL_RED, GL_FLOAT, field->value);
  else
    glTexImage2D(GL_TEXTURE_2D, 0, GL_R32F, field->columns, field->rows, 0, GL_RED, GL_FLOAT, field->value);
  if (p->image || p->rows != field->rows || p->columns != field->columns) p->spans = false;
  p->rows = field->rows;
  p->columns = field->columns;
  p->image = false;
  return true;
}

bool wd_gl_picture_set_image(wd_gl_picture *p, const wd_image *image) {
  if (image->width > p->gl->largest || image->height > p->gl->largest) return false;
  glBindTexture(GL_TEXTURE_2D, p->value);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, image->stride);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, image->width, image->height, 0, GL_BGRA,
               GL_UNSIGNED_INT_8_8_8_8_REV, image->pixel);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  p->rows = image->height;
  p->columns = image->width;
  p->image = true;
  p->spans = false;
  return true;
}

static bool upload_spans(wd_gl_picture *p, const wd_view *view, bool smooth, int width, int height) {
  if (p->spans && p->smooth == smooth && p->width == width && p->height == height &&
      memcmp(&p->view, view, sizeof *view) == 0)
    return true;
  int count = width + height;
  if (count > p->gl->largest) return false;
  float *texel = wd_calloc((size_t)count * 2, 4 * sizeof *texel);
  if (!texel) return false;
  for (int i = 0; i < count; i++) {
    wd_span s = i < width ? wd_raster_span(view->column0, view->column1, p->columns, i, width, smooth)
                          : wd_raster_span(view->row0, view->row1, p->rows, i - width, height, smooth);
    float *one = texel + 4 * (size_t)i, *two = texel + 4 * ((size_t)count + (size_t)i);
    one[0] = (float)s.first;
    one[1] = (float)s.count;
    one[2] = s.w0;
    one[3] = s.w1;
    two[0] = s.inner;
  }
  glBindTexture(GL_TEXTURE_2D, p->span);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA32F, count, 2, 0, GL_RGBA, GL_FLOAT, texel);
  wd_free(texel);
  p->view = *view;
  p->smooth = smooth;
  p->width = width;
  p->height = height;
  p->spans = true;
  return true;
}

static void upload_table(wd_gl *gl, const uint32_t table[256]) {
  if (memcmp(gl->colours, table, sizeof gl->colours) == 0) return;
  memcpy(gl->colours, table, sizeof gl->colours);
  glBindTexture(GL_TEXTURE_2D, gl->table);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 256, 1, 0, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV, table);
}

void wd_gl_begin(wd_gl *gl, int width, int height, uint32_t background) {
  clear_errors();
  gl->width = width;
  gl->height = height;
  glViewport(0, 0, width, height);
  glDisable(GL_SCISSOR_TEST);
  glDisable(GL_BLEND);
  glDisable(GL_DEPTH_TEST);
  glClearColor((float)(background >> 16 & 255) / 255, (float)(background >> 8 & 255) / 255,
               (float)(background & 255) / 255, 1);
  glClear(GL_COLOR_BUFFER_BIT);
}

void wd_gl_draw(wd_gl *gl, wd_gl_picture *p, const wd_gl_look *look, int x, int y, int width, int height) {
  if (width < 1 || height < 1) return;
  int bottom = gl->height - y - height;
  if (!p->image) {
    wd_field field = {NULL, p->rows, p->columns};
    wd_view view = wd_view_of(&look->view, &field);
    if (!upload_spans(p, &view, look->smooth, width, height)) return;
    upload_table(gl, look->table);
    glUseProgram(gl->field);
    glUniform2i(gl->field_origin, x, bottom);
    glUniform2i(gl->field_size, width, height);
    glUniform2f(gl->field_range, (float)(0.5 * look->range.lo + 0.5 * look->range.hi),
                (float)(256 / (look->range.hi - look->range.lo)));
    glUniform4f(gl->field_missing, (float)(look->missing >> 16 & 255) / 255,
                (float)(look->missing >> 8 & 255) / 255, (float)(look->missing & 255) / 255, 1);
    glActiveTexture(GL_TEXTURE2);
    glBindTexture(GL_TEXTURE_2D, gl->table);
    glActiveTexture(GL_TEXTURE1);
    glBindTexture(GL_TEXTURE_2D, p->span);
  } else {
    if (p->columns != width || p->rows != height) return; /* never scaled: the caller rasters anew */
    glUseProgram(gl->image);
    glUniform2i(gl->image_origin, x, bottom);
    glUniform2i(gl->image_size, width, height);
  }
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, p->value);
  glViewport(x, bottom, width, height);
  glBindVertexArray(gl->array);
  glDrawArrays(GL_TRIANGLES, 0, 3);
  glBindVertexArray(0);
  glUseProgram(0);
}

bool wd_gl_end(wd_gl *gl) {
  glViewport(0, 0, gl->width, gl->height);
  bool well = true;
  for (int i = 0; i < 16; i++) {
    if (glGetError() == GL_NO_ERROR) break;
    well = false;
  }
  if (GLEW_KHR_robustness && glGetGraphicsResetStatus && glGetGraphicsResetStatus() != GL_NO_ERROR)
    well = false;
  return well;
}
