package org.mobilevos.demo;

import android.graphics.ImageFormat;
import android.graphics.Rect;
import android.media.Image;
import org.mobilevos.core.InvalidInputException;
import org.mobilevos.core.RgbImage;
import org.mobilevos.core.YuvToRgb;
import org.mobilevos.demo.logic.YuvPart;

/** Images of a camera or decoder as upright pictures, made smaller by a whole number. All images have one size. */
final class YuvFrames {
    private final int rotation;
    private final int divisor;
    private final YuvToRgb.Encoding encoding;
    private YuvPart part;
    private YuvToRgb converter;

    /**
     * @param rotation clockwise in degrees: 0, 90, 180, 270
     * @param divisor of both sides, 1 or more
     */
    YuvFrames(int rotation, int divisor, YuvToRgb.Encoding encoding) {
        this.rotation = rotation;
        this.divisor = divisor;
        this.encoding = encoding;
    }

    /** A picture for {@link #convert} of an image. */
    RgbImage newPicture(Image image) {
        prepare(image);
        return converter.newImage();
    }

    /**
     * Converts an image.
     *
     * @throws InvalidInputException it has more than 8 bits a colour, or does not fit the picture
     */
    void convert(Image image, RgbImage picture) {
        prepare(image);
        Image.Plane[] planes = image.getPlanes();
        Rect crop = image.getCropRect();
        part.take(crop.left, crop.top, planes[0].getBuffer(), planes[0].getRowStride(), planes[0].getPixelStride(),
                planes[1].getBuffer(), planes[2].getBuffer(), planes[1].getRowStride(), planes[1].getPixelStride());
        converter.convert(part.y(), part.u(), part.v(), part.yRowStride(), part.uvRowStride(), part.uvPixelStride(),
                picture);
    }

    private void prepare(Image image) {
        if (image.getFormat() != ImageFormat.YUV_420_888) {
            throw new InvalidInputException(
                    "the frames have more than 8 bits a colour (HDR); convert the video to SDR with 8 bits");
        }
        Rect crop = image.getCropRect();
        if (part == null || part.sourceWidth != crop.width() || part.sourceHeight != crop.height()) {
            part = new YuvPart(crop.width(), crop.height(), divisor);
            converter = new YuvToRgb(part.width, part.height, rotation, encoding);
        }
    }
}
