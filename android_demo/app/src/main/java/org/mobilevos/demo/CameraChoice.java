package org.mobilevos.demo;

import android.graphics.ImageFormat;
import android.hardware.camera2.CameraAccessException;
import android.hardware.camera2.CameraCharacteristics;
import android.hardware.camera2.CameraManager;
import android.hardware.camera2.params.StreamConfigurationMap;
import android.util.Size;
import org.mobilevos.demo.logic.FrameSize;

/** A camera that faces away, and the size of its pictures. */
final class CameraChoice {
    final String id;
    /** As the sensor sees them. */
    final Size size;
    /** By which the sensor is turned clockwise against the phone's natural orientation, in degrees. */
    final int sensorRotation;

    private CameraChoice(String id, Size size, int sensorRotation) {
        this.id = id;
        this.size = size;
        this.sensorRotation = sensorRotation;
    }

    /** The first that suits; null where there is none. */
    static CameraChoice find(CameraManager manager) throws CameraAccessException {
        for (String camera : manager.getCameraIdList()) {
            CameraCharacteristics facts = manager.getCameraCharacteristics(camera);
            Integer facing = facts.get(CameraCharacteristics.LENS_FACING);
            StreamConfigurationMap streams = facts.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP);
            Integer rotation = facts.get(CameraCharacteristics.SENSOR_ORIENTATION);
            // The picture of one that faces the user is a mirror's.
            if (facing != null && facing != CameraCharacteristics.LENS_FACING_FRONT && streams != null) {
                Size[] sizes = streams.getOutputSizes(ImageFormat.YUV_420_888);
                int chosen = sizes == null ? -1 : FrameSize.choose(widths(sizes), heights(sizes));
                if (chosen >= 0) {
                    return new CameraChoice(camera, sizes[chosen], rotation == null ? 0 : rotation);
                }
            }
        }
        return null;
    }

    private static int[] widths(Size[] sizes) {
        int[] widths = new int[sizes.length];
        for (int index = 0; index < sizes.length; index++) {
            widths[index] = sizes[index].getWidth();
        }
        return widths;
    }

    private static int[] heights(Size[] sizes) {
        int[] heights = new int[sizes.length];
        for (int index = 0; index < sizes.length; index++) {
            heights[index] = sizes[index].getHeight();
        }
        return heights;
    }
}
