package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;

import java.nio.ByteBuffer;
import org.junit.Test;
import org.mobilevos.core.RgbImage;
import org.mobilevos.core.YuvToRgb;

public final class RgbToYuvTest {
    private static final int[][] COLOURS = {
        {0, 0, 0}, {255, 255, 255}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {128, 128, 128}, {200, 30, 90}
    };

    @Test
    public void theCoresConverterGivesTheColoursBack() {
        for (int[] colour : COLOURS) {
            for (int pixelStride = 1; pixelStride <= 2; pixelStride++) {
                RgbImage back = thereAndBack(plain(8, 4, colour), pixelStride);
                for (int index = 0; index < back.pixels.length; index++) {
                    assertEquals(colour[index % 3], back.pixels[index] & 0xff, 3);
                }
            }
        }
    }

    @Test
    public void blackAndWhiteAreAtTheEndsOfTheRange() {
        ByteBuffer plane = ByteBuffer.allocate(4);
        RgbToYuv.luma(plain(2, 2, COLOURS[0]), 2, 2, plane, 2, 1);
        assertEquals(16, plane.get(3));
        RgbToYuv.luma(plain(2, 2, COLOURS[1]), 2, 2, plane, 2, 1);
        assertEquals(235, plane.get(3) & 0xff);
    }

    private static RgbImage thereAndBack(RgbImage image, int pixelStride) {
        int width = image.width;
        int height = image.height;
        ByteBuffer y = ByteBuffer.allocateDirect(width * height);
        ByteBuffer u = ByteBuffer.allocateDirect(width / 2 * height / 2 * pixelStride);
        ByteBuffer v = ByteBuffer.allocateDirect(width / 2 * height / 2 * pixelStride);
        int rowStride = width / 2 * pixelStride;
        RgbToYuv.luma(image, width, height, y, width, 1);
        RgbToYuv.chroma(image, width, height, false, u, rowStride, pixelStride);
        RgbToYuv.chroma(image, width, height, true, v, rowStride, pixelStride);
        YuvToRgb converter = new YuvToRgb(width, height, 0);
        RgbImage back = converter.newImage();
        converter.convert(y, u, v, width, rowStride, pixelStride, back);
        return back;
    }

    private static RgbImage plain(int width, int height, int[] colour) {
        RgbImage image = new RgbImage(width, height);
        for (int index = 0; index < image.pixels.length; index++) {
            image.pixels[index] = (byte) colour[index % 3];
        }
        return image;
    }
}
