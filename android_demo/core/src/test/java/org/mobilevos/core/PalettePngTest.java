package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.Test;

public class PalettePngTest {
    private static void assertComesBack(PalettePng writer, Mask mask) throws Exception {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        writer.write(mask, stream);
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(stream.toByteArray()));
        assertEquals(mask.width, image.getWidth());
        assertEquals(mask.height, image.getHeight());
        byte[] ids = new byte[mask.ids.length];
        image.getRaster().getDataElements(0, 0, mask.width, mask.height, ids);
        assertArrayEquals(mask.ids, ids);
        IndexColorModel colours = (IndexColorModel) image.getColorModel();
        assertEquals(Palette.SIZE, colours.getMapSize());
        for (int id = 0; id < Palette.SIZE; id++) {
            assertEquals("id " + id, 0xff << 24 | Palette.rgb(id), colours.getRGB(id));
        }
    }

    @Test
    public void masksComeBack() throws Exception {
        Random random = new Random(0);
        int[][] sizes = {{1, 1}, {7, 3}, {640, 360}}; // noise of the last one takes several chunks
        for (int[] size : sizes) {
            try (PalettePng writer = new PalettePng(size[0], size[1])) {
                Mask mask = new Mask(size[0], size[1]);
                assertComesBack(writer, mask);
                random.nextBytes(mask.ids);
                assertComesBack(writer, mask);
            }
        }
    }

    @Test
    public void aMaskOfAnotherSizeIsRefused() throws Exception {
        try (PalettePng writer = new PalettePng(4, 3)) {
            writer.write(new Mask(3, 4), new ByteArrayOutputStream());
        } catch (InvalidInputException error) {
            assertTrue(error.getMessage(), error.getMessage().contains("3x4"));
            return;
        }
        fail("a mask of another size was taken");
    }
}
