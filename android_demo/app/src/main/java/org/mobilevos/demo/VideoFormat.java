package org.mobilevos.demo;

import android.media.MediaFormat;
import org.mobilevos.core.YuvToRgb;
import org.mobilevos.demo.logic.FrameSize;
import org.mobilevos.demo.logic.Upright;

/** What a video's track says of its frames, as far as files and phones tell. */
final class VideoFormat {
    private static final float UNKNOWN_FPS = 30;
    // Names and values of MediaFormat and MediaCodecInfo that came with API 24; strings and numbers in the file's
    // format.
    private static final String COLOR_TRANSFER = "color-transfer";
    private static final String COLOR_STANDARD = "color-standard";
    private static final String COLOR_RANGE = "color-range";
    private static final String PROFILE = "profile";
    private static final int TRANSFER_ST2084 = 6;
    private static final int TRANSFER_HLG = 7;
    private static final int STANDARD_BT709 = 1;
    private static final int RANGE_FULL = 1;
    private static final int HEVC_MAIN_10 = 2;
    private static final int HEVC_MAIN_10_HDR10 = 0x1000;
    private static final int HEVC_MAIN_10_HDR10_PLUS = 0x2000;
    private static final int HD_ROWS = 720;

    /** The codec. */
    final String mime;
    /** Whole length in microseconds; 0 where the file does not tell. */
    final long durationUs;
    /** Frames a second. */
    final float framesPerSecond;
    /** By which the frames are turned clockwise to be upright: 0, 90, 180 or 270 degrees. */
    final int rotation;
    /** By how much both sides are divided; 1 for frames as they are in the file. */
    final int divisor;
    /** What the numbers of a frame mean. */
    final YuvToRgb.Encoding encoding;

    /**
     * Reads a track's format.
     *
     * @throws VideoException the frames are HDR
     */
    VideoFormat(MediaFormat format) {
        mime = format.getString(MediaFormat.KEY_MIME);
        checkDepth(format);
        durationUs = number(format, MediaFormat.KEY_DURATION, 0);
        framesPerSecond = rate(format);
        rotation = Upright.file((int) number(format, MediaFormat.KEY_ROTATION, 0));
        divisor = FrameSize.divisor(
                format.getInteger(MediaFormat.KEY_WIDTH), format.getInteger(MediaFormat.KEY_HEIGHT));
        encoding = encoding(format);
    }

    /** HDR and 10-bit frames would need tone mapping, and look grey without. */
    private void checkDepth(MediaFormat format) {
        long transfer = number(format, COLOR_TRANSFER, 0);
        long profile = number(format, PROFILE, 0);
        boolean tenBits = mime.equals(MediaFormat.MIMETYPE_VIDEO_HEVC)
                && (profile == HEVC_MAIN_10 || profile == HEVC_MAIN_10_HDR10 || profile == HEVC_MAIN_10_HDR10_PLUS);
        if (transfer == TRANSFER_ST2084 || transfer == TRANSFER_HLG || tenBits || mime.contains("dolby-vision")) {
            throw new VideoException("the video is HDR or has 10 bits a colour; convert it to SDR with 8 bits, or "
                    + "record with HDR off");
        }
    }

    private static YuvToRgb.Encoding encoding(MediaFormat format) {
        int rows = format.getInteger(MediaFormat.KEY_HEIGHT);
        long standard = number(format, COLOR_STANDARD, 0);
        // A file that says nothing is read as players do: HD by its own standard.
        if (standard == STANDARD_BT709 || standard == 0 && rows >= HD_ROWS) {
            return YuvToRgb.Encoding.BT709_VIDEO;
        }
        boolean full = number(format, COLOR_RANGE, 0) == RANGE_FULL;
        return full ? YuvToRgb.Encoding.BT601_FULL : YuvToRgb.Encoding.BT601_VIDEO;
    }

    private static float rate(MediaFormat format) {
        if (!format.containsKey(MediaFormat.KEY_FRAME_RATE)) {
            return UNKNOWN_FPS;
        }
        try {
            return Math.max(1, format.getInteger(MediaFormat.KEY_FRAME_RATE));
        } catch (ClassCastException error) { // some extractors have a fraction
            return Math.max(1, format.getFloat(MediaFormat.KEY_FRAME_RATE));
        }
    }

    private static long number(MediaFormat format, String key, long otherwise) {
        if (!format.containsKey(key)) {
            return otherwise;
        }
        try {
            return format.getInteger(key);
        } catch (ClassCastException error) {
            return format.getLong(key);
        }
    }
}
