/* Pictures of arrays by OpenGL 3.3: the same as render/raster.h, pixel for pixel but for rounding. Values are
 * textures of floats; the range, the colours and the part in sight are applied by the shader, so that
 * changing them uploads nothing but a line of numbers.
 *
 * Every call wants the context that wd_gl_create had to be current. No OpenGL header is needed to use this.
 */
#ifndef WD_GL_FIELD_H
#define WD_GL_FIELD_H

#include "render/raster.h"
#include "solver/status.h"

typedef struct wd_gl wd_gl;                 /* programs and tables of one context */
typedef struct wd_gl_picture wd_gl_picture; /* one picture: a field, or ready pixels */

/* WD_ERR_UNSUPPORTED with the reason when the current context lacks OpenGL 3.3 or a program does not build.
 * GLEW is initialised; its GLEW_ERROR_NO_GLX_DISPLAY, which it gives on EGL though all is loaded, is no
 * error. */
wd_status wd_gl_create(wd_gl **out, wd_error *err);
void wd_gl_destroy(wd_gl *gl);           /* NULL is harmless; its pictures first */
const char *wd_gl_name(const wd_gl *gl); /* "OpenGL 4.5, llvmpipe": for people */

/* The same of the current context, without anything being made in it. True where a program draws in place of
 * a graphics processor (Mesa's llvmpipe and softpipe, ANGLE's SwiftShader). */
bool wd_gl_describe(char *name, size_t size);
/* Whether GL_RENDERER names such a program. */
bool wd_gl_is_software(const char *renderer);

/* NULL without memory. */
wd_gl_picture *wd_gl_picture_new(wd_gl *gl);
void wd_gl_picture_free(wd_gl_picture *picture);
/* Copies the values of a field to the graphics memory. False when it is larger than a texture may be. */
bool wd_gl_picture_set_field(wd_gl_picture *picture, const wd_field *field);
/* Ready pixels in place of a field: wiggles, which are rasterised by raster.h. */
bool wd_gl_picture_set_image(wd_gl_picture *picture, const wd_image *image);

/* How a field is shown; not looked at for ready pixels. */
typedef struct wd_gl_look {
  wd_view view;
  wd_range range;
  const uint32_t *table; /* 256 colours */
  bool smooth;
  uint32_t missing;
} wd_gl_look;

/* Begins a frame on the bound framebuffer of this size: all of it in one colour, 0xRRGGBB. */
void wd_gl_begin(wd_gl *gl, int width, int height, uint32_t background);
/* Draws a picture with its top left pixel at x, y (y down from the top of the frame). */
void wd_gl_draw(wd_gl *gl, wd_gl_picture *picture, const wd_gl_look *look, int x, int y, int width,
                int height);
/* False when OpenGL reported an error or lost the context since wd_gl_begin: what was drawn is void. */
bool wd_gl_end(wd_gl *gl);

#endif
